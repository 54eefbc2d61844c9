"""What a platform sent, made into the records and columns that the contract promises."""
