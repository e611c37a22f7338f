//! Quantities as the integers that policies compare.
//! Knows nothing of containers.

/// A resource whose amounts are known as integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resource {
    Cpu,
    Memory,
    EphemeralStorage,
}

impl Resource {
    /// All three.
    pub(super) const ALL: [Self; 3] = [Self::Cpu, Self::Memory, Self::EphemeralStorage];

    /// As it stands in a manifest.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::EphemeralStorage => "ephemeral-storage",
        }
    }

    /// The resource of a manifest's name; `None` for extended resources and huge pages.
    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// The amount that `text` spells: thousandths of a core, or bytes, rounded up.
///
/// # Errors
/// What is wrong with the text.
pub(super) fn amount(text: &str, resource: Resource) -> Result<i64, String> {
    let (milli, whole) = ceilings(text)?;
    let amount = match resource {
        Resource::Cpu => milli,
        Resource::Memory | Resource::EphemeralStorage => whole,
    };
    let amount = amount.ok_or("more than 64 bits can hold")?;
    if amount < 0 || text.starts_with('-') && amount != 0 {
        return Err("less than nothing".to_owned());
    }
    Ok(amount)
}

/// The amount in thousandths and in ones, both rounded up, where they fit.
fn ceilings(text: &str) -> Result<(Option<i64>, Option<i64>), String> {
    let nano = nano(text)?;
    let ceil = |unit: i128| i64::try_from(-(-nano).div_euclid(unit)).ok();
    Ok((ceil(1_000_000), ceil(1_000_000_000)))
}

/// The amount in thousand-millionths, rounded up.
fn nano(text: &str) -> Result<i128, String> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let end = unsigned
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(unsigned.len());
    let (number, suffix) = unsigned.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return Err("no number".to_owned());
    }
    let too_large = || "more than 64 bits can hold".to_owned();
    let mut digits: i128 = 0;
    for digit in whole.bytes().chain(fraction.bytes()) {
        let digit = i128::from(digit - b'0');
        digits = digits
            .checked_mul(10)
            .and_then(|it| it.checked_add(digit))
            .ok_or_else(too_large)?;
    }
    let (binary, decimal) = scale(suffix)?;
    let decimal = decimal + 9 - i32::try_from(fraction.len()).map_err(|_| too_large())?;
    let power = |exponent: u32| 10_i128.checked_pow(exponent);
    let scaled = digits.checked_mul(binary).ok_or_else(too_large)?;
    let nano = if scaled == 0 {
        Some(0)
    } else if decimal >= 0 {
        power(decimal.unsigned_abs()).and_then(|power| scaled.checked_mul(power))
    } else {
        let divisor = power(decimal.unsigned_abs());
        Some(divisor.map_or(1, |divisor| -(-scaled).div_euclid(divisor)))
    };
    let nano = nano.ok_or_else(too_large)?;
    Ok(if text.starts_with('-') { -nano } else { nano })
}

/// A factor and a power of ten.
fn scale(suffix: &str) -> Result<(i128, i32), String> {
    let unknown = || format!("unknown suffix `{suffix}`");
    Ok(match suffix {
        "n" => (1, -9),
        "u" => (1, -6),
        "m" => (1, -3),
        "" => (1, 0),
        "k" => (1, 3),
        "M" => (1, 6),
        "G" => (1, 9),
        "T" => (1, 12),
        "P" => (1, 15),
        "E" => (1, 18),
        "Ki" => (1 << 10, 0),
        "Mi" => (1 << 20, 0),
        "Gi" => (1 << 30, 0),
        "Ti" => (1 << 40, 0),
        "Pi" => (1 << 50, 0),
        "Ei" => (1 << 60, 0),
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E']).ok_or_else(unknown)?;
            let exponent: i16 = exponent.parse().map_err(|_| unknown())?;
            (1, exponent.into())
        }
    })
}
