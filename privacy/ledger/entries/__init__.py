"""What an entry is made of and how it is found and read: payload, connection, masking, pseudonyms, labels."""
