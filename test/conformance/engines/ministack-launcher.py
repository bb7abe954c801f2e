"""Starts MiniStack with one change: a custom resource's function is invoked asynchronously, as CloudFormation does.

MiniStack waits until the function has returned and only then looks for the response, so that whatever a handler does
after its response would come before CloudFormation has read it.
"""

import contextvars
import threading

from ministack.app import main
from ministack.services import lambda_svc

invoke = lambda_svc._execute_function_with_config_scope


def invoke_asynchronously(function, event):
    if "/_ministack/cfn-response/" not in str(event.get("ResponseURL")):
        return invoke(function, event)
    # the account and the Region of the request are context variables
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(invoke, function, event), daemon=True).start()
    return {}


lambda_svc._execute_function_with_config_scope = invoke_asynchronously
main()
