//! The ways to build a workload, by the names that scripts give them.

use std::fmt;
use std::str::FromStr;

/// A cargo profile and features of the package: `release`, `small`, `release+http-only`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// Of the workspace, or one of cargo's own.
    pub profile: String,
    /// Besides the package's default ones.
    pub features: Vec<String>,
}

/// The name of a variant that cannot be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "variant \"{0}\" is not the name of a cargo profile, with features of the package after it: release, small, release+my-feature"
)]
pub struct VariantError(String);

impl FromStr for Variant {
    type Err = VariantError;

    fn from_str(name: &str) -> Result<Variant, VariantError> {
        let is_word = |part: &str| {
            !part.is_empty()
                // What begins so is an option of cargo.
                && !part.starts_with('-')
                && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        };
        let mut parts = name.split('+');
        if !parts.clone().all(is_word) {
            return Err(VariantError(name.to_owned()));
        }
        let profile = parts.next().unwrap_or_default().to_owned();
        Ok(Variant { profile, features: parts.map(str::to_owned).collect() })
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.profile)?;
        self.features.iter().try_for_each(|feature| write!(f, "+{feature}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_profile_and_features() {
        let check = |name: &str, profile: &str, features: &[&str]| {
            let variant: Variant = name.parse().unwrap();
            assert_eq!(variant.profile, profile);
            assert_eq!(variant.features, features);
            assert_eq!(variant.to_string(), name);
        };
        check("release", "release", &[]);
        check("small+http-only", "small", &["http-only"]);
        check("dev+a+b_2", "dev", &["a", "b_2"]);
    }

    #[test]
    fn anything_else_is_refused() {
        for name in ["", "+", "release+", "+http-only", "a b", "release,small", "--release", "../x"]
        {
            assert_eq!(name.parse::<Variant>(), Err(VariantError(name.to_owned())));
        }
    }
}
