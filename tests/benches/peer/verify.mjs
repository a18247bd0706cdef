// How many webhooks of 5 KB a core verifies and parses with Stripe's own library: beside `verify_and_normalise` of hot_path.
import Stripe from "stripe";

const stripe = new Stripe("sk_test_bench");
const secret = "whsec_bench";
const invoice = { id: "in_1", object: "invoice", amount_remaining: 4900, currency: "usd", lines: { data: [] } };
const event = { id: "evt_1", object: "event", type: "invoice.payment_failed", data: { object: invoice } };
while (JSON.stringify(event).length < 5000) {
  invoice.lines.data.push({ id: `il_${invoice.lines.data.length}`, object: "line_item", amount: 4900, currency: "usd",
    description: "1 x Plan (at $49.00 / month)", metadata: {}, period: { start: 1767225600, end: 1769904000 } });
}
const body = JSON.stringify(event);
const header = stripe.webhooks.generateTestHeaderString({ payload: body, secret });
const raw = Buffer.from(body);

function each(times) {
  const began = process.cpuUsage();
  for (let n = 0; n < times; n += 1) stripe.webhooks.constructEvent(raw, header, secret);
  const used = process.cpuUsage(began);
  return (used.user + used.system) / times;
}

each(20_000);
const microseconds = [1, 2, 3, 4, 5].map(() => each(20_000)).sort((a, b) => a - b)[2];
console.log(`${body.length} bytes: ${microseconds.toFixed(1)} us CPU, ${Math.round(1e6 / microseconds)} per second`);
