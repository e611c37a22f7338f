"""What `icalendar` makes of the VTIMEZONEs of an .ics file: a line for each noon, `ZONE DAY SECONDS`, of the offset.

    python zones.py FROM TO FILE    FROM and TO are dates
"""

import sys
from datetime import date, datetime, time, timedelta
from pathlib import Path

import icalendar


def main(first, last, file):
    calendar = icalendar.Calendar.from_ical(Path(file).read_bytes())
    for part in calendar.walk("VTIMEZONE"):
        zone = part.to_tz(lookup_tzid=False)
        day = date.fromisoformat(first)
        while day < date.fromisoformat(last):
            offset = datetime.combine(day, time(12), zone).utcoffset()
            print(part["TZID"], day, int(offset.total_seconds()))
            day += timedelta(days=1)


main(*sys.argv[1:])
