//! Kubernetes quantities, exactly: `500m`, `1Gi`, `1e3`, compared by amount.
//! Knows nothing of what is measured.

use super::{Node, NodeValue};

/// An amount that is not negative. Two spellings of one amount are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity {
    /// Billionths; what is finer was rounded up, as Kubernetes does.
    nanos: i128,
}

/// Why a text is no quantity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// No digits, or something that is no digit among them.
    #[error("`{0}` is no number with a suffix")]
    Syntax(String),
    /// A suffix that does not exist, `K` for example.
    #[error("unknown suffix `{0}`")]
    Suffix(String),
    /// Below zero.
    #[error("`{0}` is negative")]
    Negative(String),
    /// Kubernetes would quietly put its greatest number there.
    #[error("`{0}` is out of range")]
    Range(String),
}

impl Quantity {
    /// Reads a quantity.
    ///
    /// ```
    /// use tidegate::manifest::Quantity;
    /// assert_eq!(Quantity::parse("1Gi")?, Quantity::parse("1024Mi")?);
    /// assert_eq!(Quantity::parse("128m")?.ceil(), Some(1)); // on memory a milli-byte
    /// assert!(Quantity::parse("1K").is_err());
    /// # Ok::<(), tidegate::manifest::QuantityError>(())
    /// ```
    ///
    /// # Errors
    /// Any other text, negative amounts, and what is beyond 64 bits.
    pub fn parse(text: &str) -> Result<Self, QuantityError> {
        let shown = || text.chars().take(SHOWN).collect::<String>();
        let negative = text.starts_with('-');
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let end = unsigned
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if fraction.contains('.') || (whole.is_empty() && fraction.is_empty()) {
            return Err(QuantityError::Syntax(shown()));
        }
        let scale = Scale::parse(suffix)
            .ok_or_else(|| QuantityError::Suffix(suffix.chars().take(SHOWN).collect()))?;
        let nanos = nanos(whole, fraction.trim_end_matches('0'), scale)
            .filter(|nanos| *nanos <= i128::from(i64::MAX) * NANOS)
            .ok_or_else(|| QuantityError::Range(shown()))?;
        if negative && nanos != 0 {
            return Err(QuantityError::Negative(shown()));
        }
        Ok(Self { nanos })
    }

    /// Reads the quantity that a field holds: a string, or a bare number by the digits that the
    /// file spells, since a float would not hold them. `None` for anything else.
    ///
    /// # Errors
    /// As [`Quantity::parse`].
    #[must_use]
    pub fn of(node: &Node) -> Option<Result<Self, QuantityError>> {
        match &node.value {
            NodeValue::String(text) => Some(Self::parse(text)),
            NodeValue::Number { value, literal } => {
                // `0x10` and `017` are quantities only after they were read as numbers.
                if value.is_i64() || value.is_u64() {
                    return Some(Self::parse(&value.to_string()));
                }
                Some(Self::parse(&literal.replace('_', "")))
            }
            _ => None,
        }
    }

    /// Thousandths, rounded up: millicores of a CPU.
    #[must_use]
    pub fn milli_ceil(self) -> Option<i64> {
        self.ceil_to(NANOS / 1_000)
    }

    /// Whole units, rounded up: bytes of memory.
    #[must_use]
    pub fn ceil(self) -> Option<i64> {
        self.ceil_to(NANOS)
    }

    /// Billionths.
    #[must_use]
    pub fn nanos(self) -> i128 {
        self.nanos
    }

    fn ceil_to(self, unit: i128) -> Option<i64> {
        i64::try_from(divide_up(self.nanos, unit)).ok()
    }
}

/// What a suffix multiplies by: `2^binary * 10^decimal`.
#[derive(Clone, Copy)]
struct Scale {
    binary: u32,
    decimal: i32,
}

impl Scale {
    fn parse(suffix: &str) -> Option<Self> {
        let decimal = |decimal| Self { binary: 0, decimal };
        let binary = |binary| Self { binary, decimal: 0 };
        Some(match suffix {
            "n" => decimal(-9),
            "u" => decimal(-6),
            "m" => decimal(-3),
            "" => decimal(0),
            "k" => decimal(3),
            "M" => decimal(6),
            "G" => decimal(9),
            "T" => decimal(12),
            "P" => decimal(15),
            "E" => decimal(18),
            "Ki" => binary(10),
            "Mi" => binary(20),
            "Gi" => binary(30),
            "Ti" => binary(40),
            "Pi" => binary(50),
            "Ei" => binary(60),
            _ => decimal(exponent(suffix)?),
        })
    }
}

fn exponent(suffix: &str) -> Option<i32> {
    let digits = suffix.strip_prefix(['e', 'E'])?;
    let unsigned = digits.strip_prefix(['+', '-']).unwrap_or(digits);
    if unsigned.is_empty() || !unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // What has more digits is out of range either way.
    let clipped = unsigned.parse::<i32>().unwrap_or(FAR).min(FAR);
    Some(if digits.starts_with('-') {
        -clipped
    } else {
        clipped
    })
}

fn nanos(whole: &str, fraction: &str, scale: Scale) -> Option<i128> {
    let mut mantissa: i128 = 0;
    for digit in whole.bytes().chain(fraction.bytes()) {
        mantissa = mantissa
            .checked_mul(10)?
            .checked_add(i128::from(digit - b'0'))?;
    }
    if mantissa == 0 {
        return Some(0);
    }
    let fraction_digits = i32::try_from(fraction.len()).ok()?;
    let power = scale.decimal.checked_add(9)?.checked_sub(fraction_digits)?;
    let amount = mantissa.checked_mul(1_i128.checked_shl(scale.binary)?)?;
    let factor = 10_i128.checked_pow(power.unsigned_abs());
    if power >= 0 {
        return amount.checked_mul(factor?);
    }
    // A divisor beyond the type is beyond any amount: what is left is the rounding up.
    Some(factor.map_or(1, |factor| divide_up(amount, factor)))
}

fn divide_up(amount: i128, unit: i128) -> i128 {
    amount / unit + i128::from(amount % unit != 0)
}

const NANOS: i128 = 1_000_000_000;
const FAR: i32 = 1_000_000;
const SHOWN: usize = 40;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Quantity {
        Quantity::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn equal_amounts_are_equal_in_every_spelling() {
        for (one, other) in [
            ("1Gi", "1024Mi"),
            ("1000m", "1"),
            ("0.5", "500m"),
            ("1e3", "1k"),
            ("1E3", "1000"),
            ("1E", "1000P"),
            (".5", "0.50"),
            ("5.", "+5"),
            ("-0", "0"),
            ("1.5Gi", "1536Mi"),
            ("1e-3", "1m"),
        ] {
            assert_eq!(parse(one), parse(other), "{one} {other}");
        }
        assert_ne!(parse("1G"), parse("1Gi"));
    }

    #[test]
    fn what_kubernetes_refuses_or_bends_is_an_error() {
        use QuantityError::{Negative, Range, Suffix, Syntax};
        type Kind = fn(String) -> QuantityError;
        let cases: [(&str, Kind); 20] = [
            ("", Syntax),
            (".", Syntax),
            ("1.2.3", Syntax),
            ("Gi", Syntax),
            (" 1", Syntax),
            ("--1", Syntax),
            ("1K", Suffix),
            ("1gi", Suffix),
            ("1Gi ", Suffix),
            ("1e", Suffix),
            ("1e+", Suffix),
            ("1e1.5", Suffix),
            ("1mi", Suffix),
            ("1 Gi", Suffix),
            ("-1", Negative),
            ("-1n", Negative),
            ("9999999999999999999Ei", Range),
            ("9223372036854775808", Range),
            ("1e400", Range),
            ("8Ei", Range),
        ];
        for (text, kind) in cases {
            let error = Quantity::parse(text).expect_err(text);
            let expected = kind(String::new());
            assert_eq!(
                std::mem::discriminant(&error),
                std::mem::discriminant(&expected),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn fractions_round_up() {
        assert_eq!(parse("0.0000000001").nanos(), 1);
        assert_eq!(parse("1e-400").nanos(), 1);
        assert_eq!(parse("0e-400").nanos(), 0);
        assert_eq!(parse("1.1m").milli_ceil(), Some(2));
        assert_eq!(parse("128m").ceil(), Some(1));
        assert_eq!(parse("9223372036854775807").ceil(), Some(i64::MAX));
        assert_eq!(parse("9223372036854775807").milli_ceil(), None);
    }

    proptest! {
        #[test]
        fn an_amount_survives_every_suffix(amount in 0_i64..1 << 40) {
            let plain = parse(&amount.to_string());
            prop_assert_eq!(plain.ceil(), Some(amount));
            prop_assert_eq!(parse(&format!("{amount}000m")), plain);
            prop_assert_eq!(parse(&format!("{amount}e0")), plain);
            prop_assert_eq!(parse(&format!("{amount}Ki")), parse(&(amount * 1024).to_string()));
            prop_assert_eq!(parse(&format!("{amount}k")), parse(&(amount * 1000).to_string()));
            prop_assert_eq!(plain.milli_ceil(), Some(amount * 1000));
        }

        #[test]
        fn order_is_the_order_of_amounts(a in 0_i64..1 << 40, b in 0_i64..1 << 40) {
            let (left, right) = (parse(&format!("{a}m")), parse(&format!("{b}m")));
            prop_assert_eq!(left.cmp(&right), a.cmp(&b));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,30}") {
            let _ = Quantity::parse(&text);
        }

        #[test]
        fn no_digits_panic(text in "[+-]?[0-9.]{0,45}(Ei|Ki|E|m|n|e-?[0-9]{0,12})?") {
            let _ = Quantity::parse(&text);
        }
    }
}
