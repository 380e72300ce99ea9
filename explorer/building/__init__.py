"""What is to be sent: criteria, drafts, operations and the request built from them. Plain code, no Django."""
