"""From facts to posts: templates and their fields, the timetable, who takes part, what would go out."""
