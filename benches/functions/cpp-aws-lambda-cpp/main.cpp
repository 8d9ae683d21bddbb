// The echo of aws-lambda-cpp's own README, and what it says where there is nothing to echo.
#include <aws/lambda-runtime/runtime.h>

using namespace aws::lambda_runtime;

static invocation_response handler(invocation_request const& request)
{
    if (request.payload.find("\"fail\"") != std::string::npos) {
        return invocation_response::failure("as asked", "Asked", "");
    }
    return invocation_response::success(request.payload, "application/json");
}

int main()
{
    run_handler(handler);
    return 0;
}
