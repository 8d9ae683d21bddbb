//! What is said of a function of the language, once, where it is registered.

/// How a function of the language is called, and what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// What it has to do with, for instance `Invocations`.
    pub group: &'static str,
    /// For instance `f.repeat(n)`.
    pub usage: &'static str,
    /// One or more sentences.
    pub doc: &'static str,
    /// What it returns, as a fragment; empty if it returns nothing.
    pub returns: &'static str,
    /// Lines of a script. Unless they deploy a function or declare parameters themselves, `f` is
    /// [`Signature::EXAMPLE_FUNCTION`].
    pub example: &'static str,
}

impl Signature {
    /// What comes before an example that needs a function.
    pub const EXAMPLE_FUNCTION: &'static str = "let f = deploy(#{ workload: \"json\" });";

    /// Its name alone.
    pub fn name(&self) -> &'static str {
        let call = self.usage.split_once('(').map_or(self.usage, |(call, _)| call);
        call.rsplit_once('.').map_or(call, |(_, name)| name)
    }

    /// The example with everything that it needs.
    pub fn whole_example(&self) -> String {
        let Signature { example, .. } = self;
        if example.contains("deploy(") || example.contains("params(") {
            return (*example).to_owned();
        }
        format!("{}\n{example}", Signature::EXAMPLE_FUNCTION)
    }

    /// Says what it returns, where it is registered.
    pub(crate) fn returns(&mut self, returns: &'static str) -> &mut Signature {
        self.returns = returns;
        self
    }

    /// Shows how it is used, where it is registered.
    pub(crate) fn example(&mut self, example: &'static str) -> &mut Signature {
        self.example = example;
        self
    }
}

#[cfg(test)]
mod tests {
    use crate::functions;

    #[test]
    fn every_function_has_a_name_sentences_and_an_example() {
        for function in functions() {
            let usage = function.usage;
            assert!(!function.group.is_empty(), "{usage}");
            assert!(function.doc.ends_with('.'), "{usage}");
            assert!(!function.returns.ends_with('.'), "{usage}");
            let call = format!("{}(", function.name());
            assert!(function.example.contains(&call), "{usage}: {}", function.example);
        }
    }
}
