"""One file a kind of receiver: how a notification is drawn for it, and how it is handed over."""
