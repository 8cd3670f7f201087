"""Pages, API and feeds, over ASGI. So far: health, metrics, and the public page that takes a reader off a list."""
