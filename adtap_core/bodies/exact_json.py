"""JSON with every digit: numbers with a point are read as decimals, and decimals are written as numbers."""

from decimal import Decimal
from typing import Final

import msgspec

decode: Final = msgspec.json.Decoder(float_hook=Decimal).decode
encode: Final = msgspec.json.Encoder(decimal_format="number").encode
