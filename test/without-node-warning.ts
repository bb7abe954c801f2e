// the SDK warns of Node versions in every process, and a test run has many
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
