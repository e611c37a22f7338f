"""verify.py ENVELOPE PUBLIC: what Python's securesystemslib says of a DSSE envelope, `accepted` or `refused`."""

import json
import sys

from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

envelope_file, public_file = sys.argv[1:]
with open(envelope_file, encoding="utf-8") as file:
    fields = json.load(file)
with open(public_file, "rb") as file:
    public = load_pem_public_key(file.read())
# It looks a key up by the name in the envelope, whatever that is; the key is the caller's.
key = SSlibKey.from_crypto(public, keyid=fields["signatures"][0]["keyid"])
try:
    Envelope.from_dict(fields).verify([key], 1)
except VerificationError:
    print("refused")
else:
    print("accepted")
