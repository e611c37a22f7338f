//! Reports to test the formats with: none, one and many findings, an error, and hostile text.
//! Only for tests.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::input::Reason;
use crate::model::{
    Digest, Effect, Enforcement, Exit, Finding, Location, ObjectRef, Operation, RepoPath, RiskTier,
    Span,
};
use crate::verdict::{
    ChangeSummary, FieldSummary, JudgeNote, Outcome, RunOutcome, RunReport, UnitReport, Workings,
};

/// A pass without a finding.
pub(super) fn passed() -> RunReport {
    RunReport {
        range: "main..feature".to_owned(),
        now: "2026-11-20T12:00:00Z".parse().unwrap(),
        judge: Some(JudgeNote {
            from: "the base".to_owned(),
            config: "tidegate.yaml".to_owned(),
            commit: None,
            config_digest: Digest::of(b"config"),
            policy_digest: Digest::of(b"policies"),
        }),
        outcome: RunOutcome::Pass,
        files: 1,
        units: vec![unit("prod", Vec::new())],
        errors: Vec::new(),
        findings: Vec::new(),
        proposed: None,
        exit: Exit::Pass,
    }
}

/// One denial.
pub(super) fn denied() -> RunReport {
    of_findings(vec![denial("odoo")])
}

/// A denial for each name.
pub(super) fn many(count: usize) -> RunReport {
    of_findings((0..count).map(|n| denial(&format!("odoo-{n}"))).collect())
}

/// One of each: denied, warned, inherited, excepted, and one about the range.
pub(super) fn mixed() -> RunReport {
    let mut inherited = denial("inherited");
    inherited.inherited = true;
    let mut excepted = denial("excepted");
    excepted.excepted_by = Some("EXC-1".to_owned());
    let mut warned = denial("warned");
    warned.effect = Effect::Warn;
    let mut report = of_findings(vec![denial("denied"), warned, inherited, excepted]);
    let stray = "no environment claims elsewhere/a.yaml".to_owned();
    report.findings = vec![Finding::of_engine(
        "engine.unclaimed-manifest",
        Effect::Deny,
        stray,
    )];
    report
}

/// The same denial where denials are only shown.
pub(super) fn observed() -> RunReport {
    let mut report = denied();
    report.exit = Exit::Pass;
    report.units[0].enforcement = Enforcement::Observe;
    report
}

/// No unit touched.
pub(super) fn not_applicable() -> RunReport {
    RunReport {
        outcome: RunOutcome::NotApplicable,
        units: Vec::new(),
        ..passed()
    }
}

/// Nothing could be looked at.
pub(super) fn failed() -> RunReport {
    failed_with("`deadbeef` is no revision")
}

pub(super) fn failed_with(message: &str) -> RunReport {
    #[derive(Debug, thiserror::Error, miette::Diagnostic)]
    #[error("{message}")]
    #[diagnostic(code(git::no_such_revision), help("fetch it"))]
    struct Failure {
        message: String,
    }
    let error = Failure {
        message: message.to_owned(),
    };
    let now = passed().now;
    RunReport::of_error("main..deadbeef".to_owned(), now, Arc::new(error))
}

/// Foreign text wherever a repository can put it.
pub(super) fn hostile(text: &str) -> RunReport {
    let mut finding = denial(text);
    let path = RepoPath::from(text);
    finding.message = text.to_owned();
    finding.remediation = Some(text.to_owned());
    finding.keyed_path = Some(text.to_owned());
    finding.location = Some(Location::new(&path, &text.into(), Span::default()));
    finding.because = finding.location.clone();
    let mut warned = finding.clone();
    warned.effect = Effect::Warn;
    let mut excepted = finding.clone();
    excepted.excepted_by = Some(text.to_owned());
    let mut report = of_findings(vec![finding, warned, excepted]);
    report.range = text.to_owned();
    let unit = &mut report.units[0];
    unit.environment = text.to_owned();
    unit.unit = text.to_owned();
    unit.reasons[0].text = text.to_owned();
    let change = &mut unit.changes[0];
    change.object.name = text.to_owned();
    change.fields[0].path = text.to_owned();
    change.fields[0].new = Some(text.into());
    change.fields.push(FieldSummary {
        text: Some(text.lines().map(|row| format!(" {row}\n")).collect()),
        ..change.fields[0].clone()
    });
    report
}

pub(super) const HOSTILE: &str = "a\u{1b}[2J\0\r\n::error file=x::pwn\n  ::add-mask::b\n##[group]g ##[set-env name=A;]b \
    ::stop-commands::x % %0A::error::y @acme/team #12 GH-7 <img src=x onerror=alert(1)> </details></sub> --> <!-- \
    [x](javascript:alert(1)) ![i](http://evil.example/i) http://evil.example www.evil.example ``` ```` `x | y | *b* _i_ ~~s~~ \
    $x$ &lt; ]]> \u{202e}rtl\u{2066}\u{200b}\u{feff}\u{85}\u{9b}\u{7f}\u{fffe}\u{ffff}\u{e0041} </failure> {0} \\ \"q\" 'q' é 漢";

fn of_findings(findings: Vec<Finding>) -> RunReport {
    RunReport {
        outcome: RunOutcome::Fail,
        exit: Exit::Denied,
        units: vec![UnitReport {
            outcome: Outcome::Fail,
            ..unit("prod", findings)
        }],
        ..passed()
    }
}

fn unit(name: &str, findings: Vec<Finding>) -> UnitReport {
    let policies = ["resource-limits", "risk-tier"].map(str::to_owned);
    UnitReport {
        environment: name.to_owned(),
        unit: name.to_owned(),
        enforcement: Enforcement::Enforce,
        outcome: Outcome::Pass,
        tier: RiskTier::Medium,
        reasons: vec![Reason {
            tier: RiskTier::Medium,
            code: "risk.resources".to_owned(),
            change: Some(0),
            pointer: String::new(),
            text: "what pods get from their node changes".to_owned(),
        }],
        findings,
        changes: vec![ChangeSummary {
            operation: Operation::Update,
            object: object("odoo"),
            components: BTreeSet::new(),
            location: None,
            fields: vec![FieldSummary {
                pointer: "/spec/replicas".to_owned(),
                path: "spec.replicas".to_owned(),
                old: Some(4.into()),
                new: Some(6.into()),
                old_location: None,
                new_location: None,
                text: None,
            }],
        }],
        change_digest: Digest::of(b"changes"),
        base: crate::verdict::Side::default(),
        head: crate::verdict::Side::default(),
        until: None,
        workings: Workings {
            evidence: BTreeSet::new(),
            policies: BTreeSet::from(policies),
            ..Workings::default()
        },
    }
}

fn denial(name: &str) -> Finding {
    let path = RepoPath::from("apps/odoo/web deployment.yaml");
    Finding {
        policy: "resource-limits".to_owned(),
        object: Some(object(name)),
        keyed_path: Some("spec.containers[name=odoo].resources.limits.memory".to_owned()),
        remediation: Some("set `resources.limits.memory`".to_owned()),
        location: Some(Location::of_line(&path, 14)),
        because: Some(Location::of_line(&RepoPath::from("tidegate.yaml"), 82)),
        ..Finding::of_engine(
            "resources.missing-memory-limit",
            Effect::Deny,
            "container \"odoo\" has no memory limit".to_owned(),
        )
    }
}

fn object(name: &str) -> ObjectRef {
    ObjectRef {
        api_version: "apps/v1".to_owned(),
        kind: "Deployment".to_owned(),
        namespace: Some("shop".to_owned()),
        name: name.to_owned(),
    }
}
