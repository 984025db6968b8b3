/** Asks ml-risk's gateway whether to charge a card. Never throws: without an answer the order goes to manual review. */

export interface Payment {
  payment_id: string;
  customer_id: string | null;
  amount: number;
}

export type Action = "accept" | "challenge" | "reject";

export interface Decision {
  score: number | null;
  action: Action | "review";
}

const TIMEOUT_MS = 800;

export async function scorePayment(payment: Payment, baseUrl = process.env.FRAUD_SCORING_URL): Promise<Decision> {
  try {
    const response = await fetch(`${baseUrl}/v2/score`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(payment),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) {
      return { score: null, action: "review" };
    }
    return (await response.json()) as Decision;
  } catch {
    return { score: null, action: "review" };
  }
}
