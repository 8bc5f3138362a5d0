-- Each request posts one charge to the one account, under an id of its own; an answer that did not post it is counted.
local threads = 0

function setup(thread)
  thread:set("name", os.getenv("ROUND") .. "-" .. threads)
  threads = threads + 1
end

function init()
  sent, refused = 0, 0
  wrk.method = "POST"
  wrk.headers["content-type"] = "application/json"
  wrk.headers["authorization"] = "Bearer " .. os.getenv("SWITCH_KEY")
  body = [[{"query":"mutation($input: RecordChargesInput!) { recordCharges(input: $input) { posted results { error { code } charge { id commission { amount } } } userErrors { code } } }","variables":{"input":{"source":"bench","charges":[{"externalId":"%s-%d","accountNumber":"]]
    .. os.getenv("ACCOUNT") .. [[","kind":"CALL","description":"A call","amount":"0.0198","occurredAt":"]]
    .. os.getenv("NOW") .. [["}]}}}]]
end

function request()
  sent = sent + 1
  return wrk.format(nil, nil, nil, body:format(name, sent))
end

function response(status, headers, answer)
  if not answer:find('"posted":1', 1, true) then
    refused = refused + 1
    if refused == 1 then io.stderr:write(answer, "\n") end
  end
end

function done(summary, latency)
  io.write(string.format("%.0f %.1f\n", summary.requests / (summary.duration / 1e6), latency:percentile(99) / 1e3))
end
