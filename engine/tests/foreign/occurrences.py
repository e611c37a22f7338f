"""What `recurring_ical_events` makes of .ics files: a line for each time of an event, `UID FROM TO` in UTC.

    python occurrences.py FROM TO ZONE FILE...    FROM and TO are dates; ZONE is that of whole days
"""

import sys
from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events


def main(first, last, zone, *files):
    zone = ZoneInfo(zone)
    for file in files:
        calendar = icalendar.Calendar.from_ical(Path(file).read_bytes())
        events = recurring_ical_events.of(calendar).between(date.fromisoformat(first), date.fromisoformat(last))
        lines = [
            f"{event['UID']} {instant(event['DTSTART'].dt, zone)} {instant(event['DTEND'].dt, zone)}"
            for event in events
            if event.get("STATUS") != "CANCELLED"
        ]
        print(*sorted(lines), sep="\n")


def instant(moment, zone):
    """A whole day begins at midnight in `zone`; seconds since 1970."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time(), zone)
    return int(moment.timestamp())


main(*sys.argv[1:])
