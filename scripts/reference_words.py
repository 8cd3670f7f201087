"""What the code cannot say of itself in a reader's words: one line for each setting, state, power, field type and key.

``tests/shape/test_reference.py`` holds these to the code: no line may be missing, and none may speak of what is gone.
"""

SETTINGS: dict[str, str] = {
    "campaign.name": "what people read as the campaign's name",
    "campaign.timetable": "the timetable's file",
    "campaign.templates": "the folder of the templates",
    "engine.kind": "what wakes the accounts: this process, or PgQueuer with many machines on one PostgreSQL",
    "dispatch.retries": "pauses before each new attempt; the last one repeats",
    "dispatch.lookups": "pauses before each look-up of an unconfirmed post; the last one repeats",
    "dispatch.lookup_reads": "good look-ups that must show nothing before a post counts as absent",
    "dispatch.lookup_spread": "the time that these look-ups must span",
    "web.listen": "host and port on which the pages listen",
    "engagement.readings": "when figures are read, counted from publishing",
    "engagement.daily_until": "then once a day up to this age of a post",
    "engagement.weekly_until": "then once a week up to this age; after it no more",
    "channels.x.api_url": "the API's host; another one for the sandbox",
    "channels.x.monthly_cap": "US dollars that posting may cost in a calendar month (UTC), all accounts together",
    "channels.x.account_monthly_cap": "US dollars that the posts of one account may cost in a calendar month (UTC)",
    "channels.x.price_post": "what X charges for a post without a link, and for a repost (as of 2026-04-20)",
    "channels.x.price_link": "what X charges for a post that contains a link",
    "channels.x.price_alt_text": "what X charges for an image's alt text",
    "channels.x.price_delete": "what X charges for taking a post down",
    "channels.facebook.slow_from": "percent of Facebook's budget of calls from which on a page slows down",
    "channels.facebook.slowest": "the pause after each post when that budget is nearly used up",
    "channels.linkedin.daily_limit": "posts of one account in a day (UTC)",
    "channels.facebook.graph_url": "the Graph API's host; another one for the sandbox",
    "channels.facebook.graph_version": "the version of the Graph API",
    "channels.linkedin.api_url": "the API's host; another one for the sandbox",
    "channels.linkedin.version": "the API's monthly version",
    "channels.linkedin.auth_url": "the host that renews tokens",
    "channels.linkedin.image_poll": "pause between two questions whether an image is ready",
    "channels.linkedin.image_wait": "how long to wait for an image to be ready",
    "channels.email.smtp_url": "the mail server: `smtp://`, `smtps://` or `smtp+starttls://`, host and port",
    "channels.email.sender": "who writes, where an account names no sender of its own",
    "channels.email.username": "the name to sign in with at the mail server",
    "channels.email.password": "give it in the environment: `CAMPAIGN__CHANNELS__EMAIL__PASSWORD`",
    "channels.email.hello": "the name by which the server is greeted; default: this machine's own",
    "channels.email.reply": "longest wait for a reply of the server",
    "channels.email.final": "longest wait for the reply to a whole message",
    "channels.email.retries": "pauses of one copy that the server puts off",
    "channels.email.relay_pause": "pause before connecting anew when the server itself is in trouble",
    "channels.email.relay_tries": "troubles of every connection in a row after which the issue waits",
    "channels.email.relay_wait": "how long the issue waits then",
}
"""Lines for keys that config.toml gives no comment, or one that says too little away from its neighbours."""

EVERY_CHANNEL: dict[str, str] = {
    "connect": "longest wait for a connection",
    "read": "longest wait for an answer",
    "token_pause": "pause before a refused token is tried once more",
    "back_off": "pause when the platform says to slow down without saying for how long",
}

STATES: dict[str, str] = {
    "draft": "queued, not yet handed to review: returned, or its partner has not agreed",
    "in_review": "waits for a reviewer",
    "approved": "goes out at its time, unless something changes or a hold is on",
    "publishing": "one attempt is on its way",
    "published": "it is there; the platform's id and address are kept",
    "unconfirmed": "sent, but nobody knows whether it is there; looked up before anything else is done",
    "failed": "the platform refused it for good; nothing was published",
    "missed": "its time passed by more than the grace; not sent, a person is asked",
    "withdrawn": "taken out before it was published",
    "rejected": "a reviewer said no for good",
    "by_hand": "due, and a person publishes it",
    "retracting": "is to be taken down",
    "retracted": "taken down",
}

MOVES: dict[str, str] = {
    "submit": "its author hands it to review",
    "edit": "words, details or time changed; an approval is void",
    "approve": "a second person approves exactly this content",
    "return": "a reviewer sends it back with a comment",
    "reject": "a reviewer says no for good",
    "withdraw": "its author or the timetable takes it out",
    "expire": "its time has passed",
    "claim": "dispatch takes it and writes the attempt down",
    "settle": "the platform answered: it is there",
    "defer": "certainly not posted; it is tried again later",
    "refuse": "the platform said no for good",
    "lose": "nobody knows how the attempt ended",
    "found": "a look-up, a late answer or a person says that it is there",
    "absent": "good look-ups or a person say that it is not there",
    "revive": "a person gives it a new time",
    "rearrange": "one new time for a whole slot, words unchanged",
    "hand over": "due on an account that a person serves",
    "done": "a person recorded its address",
    "retract": "a person orders it taken down",
    "gone": "it is no longer there",
    "restore": "the database was restored from a backup; the post may have been published since",
}

POWERS: dict[str, str] = {
    "Finds": "look up a post whose end nobody knows",
    "Measures": "read engagement",
    "Proofreads": "read a published post back, and say what it does not show",
    "Retracts": "take a post down",
    "Renews": "renew an access token",
    "Verifies": "say whose credentials these are",
    "Addresses": "know a post by the address that a person copied",
    "ByHand": "offer the platform's compose page, or copy to paste",
}

KINDS: dict[str, str] = {
    "text": "any words",
    "url": "a whole web address, `https://www.example.org/send`",
    "email": "`name@example.org`",
    "phone": "a UK number, `020 7946 0000`",
    "date": "`2025-12-10`",
    "time": '`"18:00"`',
    "quote": "three values: NAME (the words), NAME_name (who said them), NAME_role (in which role)",
    "choice": "one of the field's `choices`; each stands for its wording",
    "image": "NAME (a file in the workspace), NAME_alt (what it shows), NAME_until (the permission's last day, if any)",
}

HEAD: dict[str, str] = {
    "title": "what the post is for; must be given",
    "version": "the number of the wording; must be given",
    "copyright": "whose words these are",
    "fields": "the typed holes: `name: {type, max, default, required, help, choices}`",
    "media": "images that come with the template: a list of `{file, alt, credit, permission_until}`",
    "subject": "the subject; mail must have one",
    "preheader": "the line that a mailbox shows behind the subject",
    "link": "the address that Facebook and LinkedIn show as a card",
    "link_title": "the card's title",
    "until": "a date, or a name in `[days]`, after which the words are stale",
    "locked": "`false`: words of the campaign's own that may be rewritten; default `true`",
    "channels": "the channels that the copy is for; default all",
}

FACTS: dict[str, str] = {
    "campaign": "everything in the timetable's `[details]`, and `campaign.days.NAME`, `campaign.events_open`",
    "partner": "`partner.name`, `.key`, `.kind`, `.region`, and every further column of partners.csv",
    "event": "in a slot `for_each` event: `.title`, `.day`, `.time`, `.principle`, `.register_url`, `.status`",
    "question": "in a slot `for_each` question: `.lead_in`, `.question`, `.source`, `.follow_ons`",
    "channel": "the channel's name",
}
