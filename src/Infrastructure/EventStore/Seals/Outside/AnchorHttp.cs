using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Events.EventStore.Seals.Outside;

/// <summary>What a place outside answered.</summary>
/// <param name="Body">The first bytes of it.</param>
internal sealed record AnchorAnswer(HttpStatusCode Status, byte[] Body)
{
    public bool IsGood => (int)Status is >= 200 and < 300;

    /// <summary>The beginning, on one line, for messages.</summary>
    public string Words
    {
        get
        {
            const int LengthMax = 200;
            string text = Encoding.UTF8.GetString(Body.AsSpan(0, Math.Min(Body.Length, LengthMax)));
            return new string([.. text.Select(letter => char.IsControl(letter) ? ' ' : letter)]).Trim();
        }
    }
}

/// <summary>Posts to places outside. Follows no redirect: that would show the head and our signature to others.</summary>
internal sealed class AnchorHttp : IDisposable
{
    /// <summary>In bytes, of an answer. A time stamp with its certificates has some 6,000.</summary>
    private const int AnswerBytesMax = 64 * 1024;

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false })
    {
        Timeout = AnchorTimes.AnswerTimeMax,
    };

    /// <exception cref="AnchorFailedException">Nothing answers in time.</exception>
    public async Task<AnchorAnswer> PostAsync(
        Uri to, byte[] body, string type, Action<HttpRequestHeaders> headers, CancellationToken cancellationToken)
    {
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(AnchorTimes.AnswerTimeMax);
            using HttpRequestMessage request = new(HttpMethod.Post, to) { Content = new ByteArrayContent(body) };
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
            headers(request.Headers);
            using HttpResponseMessage response = await _http.SendAsync(
                request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            await using Stream stream = await response.Content.ReadAsStreamAsync(limit.Token);
            byte[] answer = new byte[AnswerBytesMax];
            int read = await stream.ReadAtLeastAsync(answer, answer.Length, throwOnEndOfStream: false, limit.Token);
            return new AnchorAnswer(response.StatusCode, answer[..read]);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new AnchorFailedException($"No answer within {AnchorTimes.AnswerTimeMax.TotalSeconds} s.");
        }
        catch (Exception failed) when (failed is HttpRequestException or IOException)
        {
            throw new AnchorFailedException(failed.Message);
        }
    }

    public void Dispose() => _http.Dispose();
}
