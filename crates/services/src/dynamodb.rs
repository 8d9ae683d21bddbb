//! DynamoDB: dynoxide over SQLite, behind a port of its own that only the layer in front knows.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use dynoxide::Database;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::http::uri::{Authority, PathAndQuery, Scheme};
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use crate::backend::{Body, BoxError};
use crate::table::{TableSpec, attributes};

/// Opens the database in a file of the folder, or in memory.
pub(crate) fn open(folder: Option<&Path>) -> Result<Database, BoxError> {
    let database = match folder {
        Some(folder) => {
            let file = folder.join("dynamodb.sqlite");
            let file = file.to_str().ok_or("the path is not UTF-8")?;
            Database::new(file)
        }
        None => Database::memory(),
    };
    database.map_err(|error| error.to_string().into())
}

/// Hands requests on to dynoxide's server.
#[derive(Clone, Debug)]
pub(crate) struct Forward {
    client: Client<HttpConnector, Incoming>,
    authority: Authority,
}

impl Forward {
    /// Starts dynoxide's server on the current runtime, with which it ends.
    pub(crate) async fn start(database: Database) -> std::io::Result<Forward> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        // Accepted connections inherit it; an answer in two segments would wait for an acknowledgement otherwise.
        rustix::net::sockopt::set_tcp_nodelay(&listener, true)?;
        tokio::spawn(dynoxide::server::serve_with_shutdown(
            listener,
            database,
            std::future::pending(),
        ));
        Ok(Forward::to(address))
    }

    fn to(address: SocketAddr) -> Forward {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let authority = address.to_string();
        let authority = authority.parse().expect("a socket address is an authority");
        Forward { client, authority }
    }

    pub(crate) async fn answer(
        &self,
        mut request: Request<Incoming>,
    ) -> Result<Response<Body>, BoxError> {
        let path = request.uri().path_and_query().cloned();
        let uri = Uri::builder()
            .scheme(Scheme::HTTP)
            .authority(self.authority.clone())
            .path_and_query(path.unwrap_or(PathAndQuery::from_static("/")));
        *request.uri_mut() = uri.build()?;
        let response = self.client.request(request).await?;
        Ok(response.map(|body| body.map_err(BoxError::from).boxed_unsync()))
    }
}

/// Creates a table, which is active at once. The error is the service's own message.
pub(crate) fn create_table(database: &Database, table: &TableSpec) -> Result<(), String> {
    let request = serde_json::from_value(table.request()).map_err(|error| error.to_string())?;
    database.create_table(request).map(drop).map_err(|error| error.to_string())
}

/// Writes an item.
pub(crate) fn put_item(
    database: &Database,
    table: &str,
    item: &Map<String, Value>,
) -> Result<(), String> {
    let request = json!({ "TableName": table, "Item": attributes(item) });
    let request = serde_json::from_value(request).map_err(|error| error.to_string())?;
    database.put_item(request).map(drop).map_err(|error| error.to_string())
}
