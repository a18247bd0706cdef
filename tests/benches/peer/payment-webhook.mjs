// What cold_start measures payment-webhook against: a signed Stripe webhook, verified, stored by one conditional write and
// queued by one message, in JavaScript with AWS's SDK and no framework.
import { createHmac, timingSafeEqual } from "node:crypto";
import http from "node:http";
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";

const secret = process.env.PEER_SIGNING_SECRET;
const dynamodb = new DynamoDBClient({});
// The bench serves the queue at AWS_ENDPOINT_URL, whatever its URL says, and sends no checksum.
const sqs = new SQSClient({ useQueueUrlAsEndpoint: false, md5: false });
const agent = new http.Agent({ keepAlive: true });
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");

function verified(header, body) {
  const parts = header.split(",").map((part) => part.split("="));
  const t = parts.find(([name]) => name === "t")?.[1];
  if (!t || Math.abs(Date.now() / 1000 - Number(t)) > 300) return false;
  const expected = createHmac("sha256", secret).update(`${t}.${body}`).digest();
  return parts.some(([name, hex]) => {
    const given = name === "v1" ? Buffer.from(hex, "hex") : Buffer.alloc(0);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

async function handle(event) {
  if (!verified(event.headers["stripe-signature"] ?? "", event.body)) return { statusCode: 401, body: "" };
  const { id, data: { object: invoice } } = JSON.parse(event.body);
  const item = {
    pk: { S: `c#main/stripe/${invoice.id}` },
    event: { S: id },
    amount: { N: String(invoice.amount_remaining) },
    currency: { S: invoice.currency },
    phone: { S: invoice.customer_phone ?? "" },
  };
  try {
    await dynamodb.send(new PutItemCommand({
      TableName: process.env.TABLE_NAME, Item: item, ConditionExpression: "attribute_not_exists(pk)",
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    }));
  } catch (error) {
    if (error.name !== "ConditionalCheckFailedException") throw error;
  }
  const step = JSON.stringify({ v: 1, case: `main/stripe/${invoice.id}`, step: 0 });
  await sqs.send(new SendMessageCommand({ QueueUrl: process.env.WHATSAPP_QUEUE_URL, MessageBody: step }));
  return { statusCode: 200, headers: { "content-type": "text/plain" }, body: "" };
}

function ask(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, path, method, agent }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

async function serve() {
  for (;;) {
    const next = await ask("GET", "/2018-06-01/runtime/invocation/next");
    const answer = JSON.stringify(await handle(JSON.parse(next.body)));
    await ask("POST", `/2018-06-01/runtime/invocation/${next.headers["lambda-runtime-aws-request-id"]}/response`, answer);
  }
}

serve();
