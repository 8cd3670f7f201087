"""One sealed file that holds a workspace: its database, key, images, and copies of what people wrote.

``seal`` turns a passphrase into a stream that is written and read in pieces; ``archive`` is what is written in it;
``take`` makes a backup; ``restore`` checks one and puts it back; ``ruling`` decides what becomes of posts whose time
passed since, ``stopping`` of what people stopped since.
"""
