"""Wrong credentials with the vendor's package: what its own exceptions say."""

import symbl_rest
from redirect import finish

import symbl

wrong = {"app_id": "0" * 64, "app_secret": "1" * 128}
result = {}
try:
    symbl.Conversations.get_messages("1", credentials=wrong)
except symbl_rest.rest.ApiException as error:
    result = {"status": error.status, "reason": error.reason, "body": error.body}
finish(result)
