//! Templates and catalogues, parsed: what is costly to make and made once.

use kelvin_workload::WorkloadError;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};

use crate::Event;
use crate::catalogue::Catalogue;
use crate::page::Page;

/// The templates refer to each other by these names. All are HTML, so what they show is escaped.
const TEMPLATES: [(&str, &str); 4] = [
    ("layout.html", include_str!("../templates/layout.html")),
    ("macros.html", include_str!("../templates/macros.html")),
    ("result.html", include_str!("../templates/result.html")),
    ("search.html", include_str!("../templates/search.html")),
];

const CATALOGUES: [(&str, &str); 2] = [
    ("ec2", include_str!("../cases/ec2.json")),
    ("hostile", include_str!("../cases/hostile.json")),
];

/// Everything that pages are made of.
#[derive(Debug)]
pub(crate) struct Site {
    templates: Environment<'static>,
    catalogues: Vec<(&'static str, Catalogue)>,
}

impl Site {
    pub(crate) fn parse() -> Result<Site, WorkloadError> {
        let catalogues = CATALOGUES.map(|(name, json)| Ok((name, Catalogue::parse(name, json)?)));
        Ok(Site {
            templates: parse_templates(&TEMPLATES)?,
            catalogues: catalogues.into_iter().collect::<Result<_, _>>()?,
        })
    }

    /// The page that the event asks for.
    pub(crate) fn render(&self, event: &Event) -> Result<String, WorkloadError> {
        let catalogue = self.catalogue(&event.catalogue)?;
        let found = catalogue.find(&event.query);
        let page = Page::of(event, catalogue, &found)?;
        let rendered =
            self.templates.get_template("search.html").and_then(|t| t.render(Serde(page)));
        rendered.map_err(|error| WorkloadError::work_failed("could not render the page", error))
    }

    /// The catalogue of this name; the error lists the names that there are.
    fn catalogue(&self, name: &str) -> Result<&Catalogue, WorkloadError> {
        let found = self.catalogues.iter().find(|&&(known, _)| known == name);
        found.map(|(_, catalogue)| catalogue).ok_or_else(|| {
            let known = CATALOGUES.map(|(name, _)| name).join(", ");
            WorkloadError::invalid_event(format!(
                "there is no catalogue \"{name}\"; the catalogues are {known}"
            ))
        })
    }
}

fn parse_templates(
    templates: &[(&'static str, &'static str)],
) -> Result<Environment<'static>, WorkloadError> {
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()
        .map_err(|error| WorkloadError::preparation_failed("could not set the syntax", error))?;
    let mut environment = Environment::new();
    environment.set_syntax(syntax);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_filter("thousands", thousands);
    for (name, source) in templates {
        environment.add_template(name, source).map_err(|error| {
            WorkloadError::preparation_failed(format!("could not parse template {name}"), error)
        })?;
    }
    Ok(environment)
}

/// The number with a comma after every third digit from the right.
fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.char_indices() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_is_after_every_third_digit() {
        let check = |n, expected: &str| assert_eq!(thousands(n), expected);
        check(0, "0");
        check(999, "999");
        check(1_000, "1,000");
        check(123_456, "123,456");
        check(u64::MAX, "18,446,744,073,709,551,615");
    }

    #[test]
    fn a_template_that_cannot_be_parsed_is_named() {
        let error = parse_templates(&[("broken.html", "{% if %}")]).unwrap_err();
        assert_eq!(error.error_type(), "PreparationFailed");
        let message = error.error_message();
        let expected = "could not parse template broken.html: syntax error: ";
        assert!(message.starts_with(expected), "{message}");
    }
}
