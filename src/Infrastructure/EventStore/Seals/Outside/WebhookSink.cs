using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Events.EventStore.Seals.Sealing;

namespace Events.EventStore.Seals.Outside;

internal sealed class WebhookSink(AnchorHttp http, Uri address, string? secret, TimeSpan interval) : IAnchorSink
{
    public string Name => "webhook";

    public TimeSpan Interval => interval;

    public async Task<byte[]?> ShowAsync(StoredHead head, CancellationToken cancellationToken)
    {
        byte[] note = Encoding.UTF8.GetBytes(head.Note);
        AnchorAnswer answer = await http.PostAsync(
            address,
            note,
            "text/plain; charset=utf-8",
            headers =>
            {
                headers.TryAddWithoutValidation(
                    "Idempotency-Key",
                    string.Create(CultureInfo.InvariantCulture, $"{head.Note.Split('\n', 2)[0]}:{head.Size}"));
                if (secret is not null)
                {
                    headers.TryAddWithoutValidation(
                        "X-Events-Signature",
                        "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), note)));
                }
            },
            cancellationToken);
        if (!answer.IsGood)
        {
            throw new AnchorFailedException($"The answer was {(int)answer.Status}.");
        }

        return answer.Body.Length == 0 ? null : answer.Body;
    }
}
