// stands in for the compiled addon of aws-lambda-ric, which is not built here: preloaded into every
// execution environment, it takes the place of './rapid-client.node' and speaks to the Runtime API itself
const http = require('node:http');
const Module = require('node:module');

const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  return request === './rapid-client.node' ? __filename : resolveFilename.call(this, request, ...rest);
};

// a function in the midst of an event would outlive a local AWS that was killed
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.exit(1);
}, 200).unref();

const base = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`;
const agent = new http.Agent({ keepAlive: true });

// the addon posts synchronously; here the next event waits until the answer to the last one is through
let posted = Promise.resolve();

exports.next = async () => {
  await posted;
  const { headers, body } = await exchange('GET', 'next');
  return { headers, bodyJson: body };
};

exports.done = (id, response) => {
  posted = exchange('POST', `${id}/response`, response);
};

exports.error = (id, response, xrayCause) => {
  posted = exchange('POST', `${id}/error`, response, {
    'lambda-runtime-function-xray-error-cause': xrayCause,
  });
};

function exchange(method, path, content = '', headers = {}) {
  return new Promise((resolve, reject) => {
    const length = { 'content-length': Buffer.byteLength(content) };
    const options = { method, agent, headers: { ...headers, ...length } };
    const request = http.request(`${base}/${path}`, options, response => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', chunk => {
        body += chunk;
      });
      response.on('error', reject).on('end', () => resolve({ headers: response.headers, body }));
    });
    request.on('error', reject).end(content);
  });
}
