"""Bodies on their way to rows: kept, checked to be whole, decoded, parsed; memory stays flat."""
