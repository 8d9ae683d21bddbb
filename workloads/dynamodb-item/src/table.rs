//! Writing and reading lines: in DynamoDB, or in the program itself.

use aws_config::ConfigLoader;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use kelvin_workload::{InvokeContext, Prepared, PreparedAsync, WorkloadError};

use crate::Settings;
use crate::client::client;
use crate::invoices::Invoices;
use crate::line::{Item, number};
use crate::request::{Expected, Target};

/// Where lines are, once it is known how to get there.
#[derive(Debug)]
pub(crate) enum Table {
    DynamoDb { client: PreparedAsync<Client>, name: String },
    Program(Prepared<Invoices>),
}

/// The same, ready for use.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Opened<'a> {
    DynamoDb { client: &'a Client, name: &'a str },
    Program(&'a Invoices),
}

/// A request that was carried out, and whose answer was lost, comes again: from the client's retries, or from the caller.
/// Its own token is no conflict.
const IF_NEW: &str = "attribute_not_exists(#line) OR #token = :token";
const IF_UNCHANGED: &str = "#version = :expected OR #token = :token";

impl Table {
    pub(crate) fn new(
        settings: Settings,
        config: impl Fn() -> ConfigLoader + Send + Sync + 'static,
    ) -> Table {
        if !settings.io {
            return Table::Program(Prepared::new(Invoices::read));
        }
        let name = settings.table.clone();
        let client = PreparedAsync::new(move || {
            let (config, settings) = (config(), settings.clone());
            async move { Ok(client(config, &settings).await) }
        });
        Table::DynamoDb { client, name }
    }

    /// Makes the client, unless that was done before.
    pub(crate) async fn open(&self) -> Result<Opened<'_>, WorkloadError> {
        Ok(match self {
            Table::DynamoDb { client, name } => {
                Opened::DynamoDb { client: client.get().await?, name }
            }
            Table::Program(invoices) => Opened::Program(invoices.get()?),
        })
    }
}

impl Opened<'_> {
    /// Writes a line if its condition holds; then all lines of its invoice, otherwise `None`.
    pub(crate) async fn write(
        &self,
        target: &Target,
        line: Item,
        ctx: &InvokeContext,
    ) -> Result<Option<Vec<Item>>, WorkloadError> {
        match self {
            Opened::DynamoDb { client, name } => {
                if !ctx.io(put(client, name, target, line)).await? {
                    return Ok(None);
                }
                ctx.io(query(client, name, target)).await.map(Some)
            }
            Opened::Program(invoices) => Ok(in_program(invoices, target, line)),
        }
    }
}

/// The same without I/O. Nothing is kept, so that a request always has the same answer.
fn in_program(invoices: &Invoices, target: &Target, line: Item) -> Option<Vec<Item>> {
    let is_target = |item: &&Item| number(item, "line") == Ok(target.number);
    let lines = invoices.lines(&target.invoice);
    let there = lines.iter().find(is_target);
    let holds = match target.expected {
        Expected::Nothing => there.is_none(),
        Expected::Version(version) => {
            there.is_some_and(|item| number(item, "version") == Ok(version))
        }
    };
    holds.then(|| {
        let others = lines.iter().filter(|item| !is_target(item));
        others.cloned().chain([line]).collect()
    })
}

/// Whether the line was written, or its condition does not hold.
async fn put(
    client: &Client,
    table: &str,
    target: &Target,
    line: Item,
) -> Result<bool, WorkloadError> {
    let put = client.put_item().table_name(table).set_item(Some(line));
    let put = put.expression_attribute_names("#token", "token");
    let token = AttributeValue::S(target.token.clone());
    let put = put.expression_attribute_values(":token", token);
    let put = match target.expected {
        Expected::Nothing => {
            put.expression_attribute_names("#line", "line").condition_expression(IF_NEW)
        }
        Expected::Version(expected) => put
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":expected", AttributeValue::N(expected.to_string()))
            .condition_expression(IF_UNCHANGED),
    };
    match put.send().await {
        Ok(_) => Ok(true),
        Err(error) if is_conflict(&error) => Ok(false),
        Err(error) => {
            let Target { invoice, number, .. } = target;
            let message = format!("could not write line {number} of invoice {invoice}");
            Err(WorkloadError::service_failed(message, error))
        }
    }
}

fn is_conflict(error: &SdkError<PutItemError>) -> bool {
    let refused = error.as_service_error();
    refused.is_some_and(PutItemError::is_conditional_check_failed_exception)
}

/// Reads page after page; each has 1 MB at most and the timeout of the client.
async fn query(client: &Client, table: &str, target: &Target) -> Result<Vec<Item>, WorkloadError> {
    let Target { invoice, number, .. } = target;
    let mut lines = Vec::new();
    let mut pages = client
        .query()
        .table_name(table)
        .key_condition_expression("invoice = :invoice")
        .expression_attribute_values(":invoice", AttributeValue::S(invoice.clone()))
        .consistent_read(true)
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| {
            let message = format!(
                "line {number} of invoice {invoice} is written, and the request may be sent again, but the invoice could not be read"
            );
            WorkloadError::service_failed(message, error)
        })?;
        // The first page is nearly always the only one, and is taken as it is.
        let items = page.items.unwrap_or_default();
        if lines.is_empty() { lines = items } else { lines.extend(items) }
    }
    Ok(lines)
}
