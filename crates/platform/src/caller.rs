//! What a caller tells a function beside the event: client context, Cognito identity, trace.

use kelvin_lambda::MAX_CLIENT_CONTEXT_BYTES;

/// What goes with a request. All of it becomes headers of the Runtime API, so nothing in it can be other than header text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    client_context: Option<String>,
    cognito_identity: Option<CognitoIdentity>,
    trace_id: Option<String>,
}

/// Who has signed in with Amazon Cognito.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CognitoIdentity {
    /// Of the user.
    pub identity_id: String,
    /// In which pool.
    pub identity_pool_id: String,
}

/// Why nobody can call like that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each variant is its message")]
pub enum CallerError {
    #[error(
        "client_context: {bytes} bytes of JSON are {encoded} in base64; Lambda takes {MAX_CLIENT_CONTEXT_BYTES}"
    )]
    ClientContextTooLong { bytes: usize, encoded: usize },
    #[error("{what}: a control character cannot be sent in a header")]
    ControlCharacter { what: &'static str },
    #[error("trace_id: expected letters, digits and punctuation like \"Root=1-…;Sampled=1\"")]
    TraceId,
}

impl Caller {
    /// `client_context` is JSON, which the Invoke API takes in base64 and functions get as it is.
    pub fn new(
        client_context: Option<String>,
        cognito_identity: Option<CognitoIdentity>,
        trace_id: Option<String>,
    ) -> Result<Caller, CallerError> {
        if let Some(json) = &client_context {
            let (bytes, encoded) = (json.len(), json.len().div_ceil(3) * 4);
            if encoded > MAX_CLIENT_CONTEXT_BYTES {
                return Err(CallerError::ClientContextTooLong { bytes, encoded });
            }
        }
        let identity = cognito_identity.as_ref();
        let texts = [
            ("client_context", client_context.as_deref()),
            ("cognito_identity.identity_id", identity.map(|of| of.identity_id.as_str())),
            ("cognito_identity.identity_pool_id", identity.map(|of| of.identity_pool_id.as_str())),
        ];
        let is_control = |byte: u8| byte.is_ascii_control();
        let wrong =
            texts.iter().find(|(_, text)| text.is_some_and(|text| text.bytes().any(is_control)));
        if let Some((what, _)) = wrong {
            return Err(CallerError::ControlCharacter { what });
        }
        let is_trace =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        if trace_id.as_deref().is_some_and(|text| !is_trace(text)) {
            return Err(CallerError::TraceId);
        }
        Ok(Caller { client_context, cognito_identity, trace_id })
    }

    /// What the caller says of itself and of its environment, as JSON.
    pub fn client_context(&self) -> Option<&str> {
        self.client_context.as_deref()
    }

    /// Whose credentials the caller has.
    pub fn cognito_identity(&self) -> Option<&CognitoIdentity> {
        self.cognito_identity.as_ref()
    }

    /// The caller's own trace; without it the platform begins one.
    pub fn trace_id(&self) -> Option<&str> {
        self.trace_id.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_header_can_hold_is_taken() {
        let context = |json: &str| Caller::new(Some(json.to_owned()), None, None).err();
        // 2,685 bytes are the most whose base64 has no more than 3,583.
        assert_eq!(context(&"x".repeat(2_685)), None);
        let too_long = CallerError::ClientContextTooLong { bytes: 2_686, encoded: 3_584 };
        assert_eq!(context(&"x".repeat(2_686)), Some(too_long));
        let what = "client_context";
        assert_eq!(context("\"\u{7f}\""), Some(CallerError::ControlCharacter { what }));
        assert_eq!(context("{\"name\":\"Zoë\"}"), None);
        let identity = |id: &str| {
            let (identity_id, identity_pool_id) = (id.to_owned(), "us-east-1:pool".to_owned());
            let identity = CognitoIdentity { identity_id, identity_pool_id };
            Caller::new(None, Some(identity), None).err()
        };
        assert_eq!(identity("us-east-1:1"), None);
        let what = "cognito_identity.identity_id";
        assert_eq!(identity("a\r\nb"), Some(CallerError::ControlCharacter { what }));
        let trace = |text: &str| Caller::new(None, None, Some(text.to_owned())).err();
        assert_eq!(trace("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"), None);
        for wrong in ["", "a b", "a\n", "ü"] {
            assert_eq!(trace(wrong), Some(CallerError::TraceId), "{wrong:?}");
        }
    }
}
