"""HTTP API: routes of an OpenAPI body, a callable endpoint as output, the gateway's own headers, limits and errors."""

import json

import overlay
from ministack.services import apigateway, lambda_svc
from ministack.services.cloudformation import provisioners

MAX_BODY = 10 * 1024 * 1024
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


def install(endpoint):
    """Replaces the parts of ministack's HTTP API that ignore what SAM writes into `Body`."""
    for name in ("_routes", "_integrations"):
        if getattr(apigateway, name, None) is None:
            raise overlay.Gone(f"ministack {overlay.VERSION}: apigateway.{name} is gone")
    overlay.need(provisioners, "_apigw_v2_integration_props", "props")
    overlay.need(provisioners, "_apigw_v2_route_props", "props")
    _install_stack(endpoint)
    _install_requests()


def routes_of(body):
    """Yields (route key, integration properties) of each operation in an OpenAPI body."""
    for path, operations in (body.get("paths") or {}).items():
        for method, operation in (operations or {}).items():
            verb = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
            if verb != "ANY" and method.lower() not in METHODS:
                continue
            integration = (operation or {}).get("x-amazon-apigateway-integration")
            if not integration:
                raise ValueError(f"AWS::ApiGatewayV2::Api: {verb} {path} has no x-amazon-apigateway-integration")
            key = "$default" if path in ("$default", "/$default") else f"{verb} {path}"
            yield (
                key,
                {
                    "IntegrationType": str(integration.get("type", "aws_proxy")).upper(),
                    "IntegrationUri": integration.get("uri", ""),
                    "IntegrationMethod": integration.get("httpMethod", "POST"),
                    "PayloadFormatVersion": str(integration.get("payloadFormatVersion", "1.0")),
                    "TimeoutInMillis": integration.get("timeoutInMillis", 30000),
                },
            )


def _install_stack(endpoint):
    def create(logical_id, props, stack_name):
        body = props.get("Body") or {}
        named = {"Name": (body.get("info") or {}).get("title"), **props}
        api_id, attributes = old_create(logical_id, named, stack_name)
        _write(api_id, body)
        # The host name AWS gives an API resolves nowhere here; this address does, with the same paths behind it.
        url = f"{endpoint}/_aws/execute-api/{api_id}"
        apigateway._apis[api_id]["apiEndpoint"] = url
        return api_id, {**attributes, "ApiEndpoint": url}

    def update(physical_id, old_props, new_props, stack_name, logical_id=None):
        api_id, attributes = old_update(physical_id, old_props, new_props, stack_name, logical_id)
        if old_props.get("Body"):
            apigateway._routes[api_id] = {}
            apigateway._integrations[api_id] = {}
        _write(api_id, new_props.get("Body") or {})
        return api_id, attributes

    old_create = overlay.replace(provisioners, "_apigw_v2_api_create", "logical_id props stack_name", create)
    old_update = overlay.replace(
        provisioners, "_apigw_v2_api_update", "physical_id old_props new_props stack_name logical_id", update
    )


def _write(api_id, body):
    for number, (key, integration) in enumerate(routes_of(body)):
        integration_id = f"body{number}"
        if integration["IntegrationType"] == "AWS_PROXY" and integration["PayloadFormatVersion"] != "2.0":
            raise ValueError(
                f"AWS::ApiGatewayV2::Api: {key} uses payload format 1.0, which the local AWS does not speak"
            )
        apigateway._integrations.setdefault(api_id, {})[integration_id] = {
            "integrationId": integration_id,
            **provisioners._apigw_v2_integration_props(integration),
        }
        route = provisioners._apigw_v2_route_props({"RouteKey": key, "Target": f"integrations/{integration_id}"})
        apigateway._routes.setdefault(api_id, {})[integration_id] = {"routeId": integration_id, **route}


def _install_requests():
    async def invoke(
        integration,
        api_id,
        stage,
        path,
        method,
        headers,
        body,
        query_params,
        route_key="$default",
        path_params=None,
        **rest,
    ):
        if body and len(body) > MAX_BODY:
            return 413, {"Content-Type": "application/json"}, b'{"message":"Request Entity Too Large"}'
        sent = {
            "x-forwarded-for": "127.0.0.1",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
            "x-amzn-trace-id": lambda_svc._function_url_trace_root(),
            **headers,
        }
        return await old_invoke(
            integration, api_id, stage, path, method, sent, body, query_params, route_key, path_params, **rest
        )

    def answer(exec_result):
        if exec_result.get("error") and not exec_result.get("throttle"):
            # What went wrong is for the log, never for the caller.
            return {
                "statusCode": 500,
                "headers": {"Content-Type": "application/json"},
                "body": json.dumps({"message": "Internal Server Error"}),
            }, None
        return old_answer(exec_result)

    overlay.need(lambda_svc, "_function_url_trace_root", "")
    old_invoke = overlay.replace(
        apigateway,
        "_invoke_lambda_proxy",
        "integration api_id stage path method headers body query_params route_key path_params authorizer_claims "
        "authorizer_scopes authorizer_lambda_context authorizer_iam owner_account_id owner_region raw_query_string",
        invoke,
    )
    old_answer = overlay.replace(lambda_svc, "lambda_execute_result_to_api_proxy_response", "exec_result", answer)
