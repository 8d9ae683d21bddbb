//! Services as their clients see them: AWS's own SDKs, and bare HTTP.

mod dynamodb;
mod faults;
mod kit;
mod life;
mod s3;
mod upstream;
