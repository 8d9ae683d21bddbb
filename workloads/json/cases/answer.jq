# Works out a case's answer from its document: jq --argjson top N --from-file answer.jq DOCUMENT.json
# Ties are ordered by name.
def count_by_value: group_by(.) | map({key: .[0], value: length}) | from_entries;
def references: [.. | objects | .shape? | strings];

{
  service: .metadata.serviceFullName,
  operations_by_method: [.operations[].http.method] | count_by_value,
  shapes_by_type: [.shapes[].type] | count_by_value,
  errors: [
      .operations | to_entries[] | .key as $operation
      | .value.errors[]? | {error: .shape, operation: $operation}
    ]
    | group_by(.error)
    | map({error: .[0].error, count: length, operations: (map(.operation) | sort)})
    | sort_by(-.count, .error) | .[:$top],
  largest_structures: [
      .shapes | to_entries[] | select(.value.type == "structure")
      | {shape: .key, members: (.value.members | length)}
    ]
    | sort_by(-.members, .shape) | .[:$top],
  most_referenced: references | group_by(.) | map({shape: .[0], references: length})
    | sort_by(-.references, .shape) | .[:$top],
  documentation: [.. | objects | .documentation? | strings] | {texts: length, bytes: (map(utf8bytelength) | add)}
}
