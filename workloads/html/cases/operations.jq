# Makes a catalogue from an API model of botocore: its first operations, with what a reader looks for, as plain text.
def plain: gsub("<[^>]*>"; "") | gsub("\\s+"; " ") | gsub("&lt;"; "<") | gsub("&gt;"; ">") | gsub("&quot;"; "\"")
  | gsub("&amp;"; "&") | ltrimstr(" ") | rtrimstr(" ");
def excerpt($n): if length <= $n then . else .[:$n] | sub(" [^ ]*$"; " …") end;

.shapes as $shapes | {
  service: .metadata.serviceFullName,
  operations: [
    .operations | to_entries | sort_by(.key) | .[:$n][] | .value
    | ($shapes[.input.shape // ""] // {}) as $input
    | {
      name,
      kind: (.name | capture("^(?<verb>[A-Z][a-z]+)").verb),
      summary: ((.documentation // "") | plain | excerpt(300)),
      deprecated: (.deprecated // false),
      required: ($input.required // []),
      optional: ((($input.members // {}) | length) - (($input.required // []) | length)),
      returns: (.output.shape // null)
    }
  ]
}
