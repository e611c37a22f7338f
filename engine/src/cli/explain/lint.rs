//! The pages of what `tidegate calendar lint` finds.
//! Knows nothing of how it is found.

/// The text of `code`, if it is one of them.
pub(super) fn page(code: &str) -> Option<&'static str> {
    let page = PAGES.iter().find(|(known, _)| *known == code);
    page.map(|(_, text)| *text)
}

const PAGES: [(&str, &str); 10] = [
    (
        "calendar.always-shut",
        "No hour of the year that begins now is left in which a change could go anywhere: freezes follow each other\n\
         without a gap, one has no end, or no maintenance window opens. Say when the freeze ends, or when maintenance\n\
         may be done. What may never go is gone around.",
    ),
    (
        "calendar.far-off",
        "A window opens no earlier than in more than a year. See whether its year is the one that is meant.",
    ),
    (
        "calendar.holidays",
        "A rule counts business days, and the calendar's `holidays` end before the year that is looked at does: until\n\
         they are written, each of them counts as a business day. Add those of the years to come.",
    ),
    (
        "calendar.holds-nothing",
        "A window holds nothing at all: no environment that has its calendar is in its `scope`, or it lets changes of\n\
         every tier through. Name the calendar under the environments that are meant, or mend `scope` or `allow`.",
    ),
    (
        "calendar.over",
        "A window is over and does not come again. Last year's list that nobody renewed is the commonest calendar\n\
         that protects nothing. Remove the window, write this year's, or give it a `repeat`.",
    ),
    (
        "calendar.overlap",
        "Two windows of one kind are open together, and nothing that they say keeps apart what they concern. Nothing\n\
         is wrong where both are meant: the later end counts. Else one is said twice, or reaches further than its\n\
         owner meant.",
    ),
    (
        "calendar.too-long",
        "A window lasts longer than `--longest`, or nobody said when it ends. What is frozen for long goes out in one\n\
         heap afterwards. Say when it ends, narrow down what it holds, or lint with a larger `--longest`.",
    ),
    (
        "calendar.unlikely",
        "A window holds less than it seems to: what it blocks it lets through, its `scope` and its `blocks` name\n\
         different components, its tenants are those of other environments, or a brand or a kind looks like one that\n\
         is known. See whether it is meant.",
    ),
    (
        "calendar.unowned",
        "A window does not say who answers for it, or why it is. Whoever is held by it asks both: write `owner` and\n\
         `reason`.",
    ),
    (
        "calendar.unused",
        "A calendar is declared, and no environment names it, so that it holds nothing. Name it under `calendars` of\n\
         the environments that it is for, or remove it.",
    ),
];
