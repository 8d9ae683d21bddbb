//! DynamoDB through AWS's SDK.

use aws_sdk_dynamodb::types::AttributeValue;
use kelvin_services::{Service, ServiceKind, TableSpec};
use serde_json::json;

use crate::kit::{block_on, dynamodb_client, start};

fn items() -> TableSpec {
    let partition_key = "id".parse().expect("a name is a key");
    TableSpec { name: "items".to_owned(), partition_key, sort_key: "n:N".parse().ok() }
}

fn put(service: &Service, item: &serde_json::Value) -> Result<(), kelvin_services::ServiceError> {
    service.put_item("items", item.as_object().expect("items are maps"))
}

#[test]
fn items_are_prepared_read_changed_and_queried() {
    let running = start(ServiceKind::DynamoDb);
    running.service.create_table(&items()).unwrap();
    for n in 0..3 {
        put(&running.service, &json!({ "id": "a", "n": n, "tags": ["x", true, null] })).unwrap();
    }
    let client = dynamodb_client(&running.service);
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let number = |number: u32| AttributeValue::N(number.to_string());
    block_on(async {
        let key = |get: aws_sdk_dynamodb::operation::get_item::builders::GetItemFluentBuilder| {
            get.table_name("items").key("id", text("a")).key("n", number(1))
        };
        let item = key(client.get_item()).send().await.unwrap().item.unwrap();
        let tags = vec![text("x"), AttributeValue::Bool(true), AttributeValue::Null(true)];
        assert_eq!(item["tags"], AttributeValue::L(tags));

        let update = client.update_item().table_name("items").key("id", text("a"));
        let update = update.key("n", number(1)).update_expression("SET c = :c");
        update.expression_attribute_values(":c", number(7)).send().await.unwrap();
        let item = key(client.get_item()).consistent_read(true).send().await.unwrap();
        assert_eq!(item.item.unwrap()["c"], number(7));

        let query =
            client.query().table_name("items").key_condition_expression("id = :id AND n > :n");
        let query = query.expression_attribute_values(":id", text("a"));
        let found = query.expression_attribute_values(":n", number(0)).send().await.unwrap();
        assert_eq!(found.count(), 2);

        let put = client.put_item().table_name("items").item("id", text("a")).item("n", number(1));
        let refused = put.condition_expression("attribute_not_exists(id)").send().await;
        assert!(refused.unwrap_err().into_service_error().is_conditional_check_failed_exception());

        let missing = client.get_item().table_name("none").key("id", text("a")).send().await;
        assert!(missing.unwrap_err().into_service_error().is_resource_not_found_exception());
    });
}

#[test]
fn what_cannot_be_prepared_is_said() {
    let running = start(ServiceKind::DynamoDb);
    let service = &running.service;
    service.create_table(&items()).unwrap();
    let check = |error: Result<(), kelvin_services::ServiceError>, expected: &str| {
        let error = error.unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    };
    check(service.create_table(&items()), "failed to create table \"items\": Table already exists");
    let put_failed = "failed to put an item into table \"items\": One or more parameter values";
    check(put(service, &json!({ "id": "a" })), put_failed);
    check(put(service, &json!({ "id": 1, "n": 1 })), put_failed);
    check(
        service.put_item("none", &serde_json::Map::new()),
        "failed to put an item into table \"none\": ",
    );
    check(service.create_bucket("photos"), "the service dynamodb has no buckets");
}
