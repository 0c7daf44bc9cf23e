"""Office files and e-books (Word, PowerPoint, Excel, OpenDocument, EPUB): the extra ``office``."""
