using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Events.Host.Security;
using Events.Tests.Integration.Kit;
using Xunit;

namespace Events.Tests.Integration.Security;

/// <summary>Codes of a device, made here by the standard's words, at the real host.</summary>
public sealed class A_second_factor(House house) : IClassFixture<House>
{
    private const string Password = "a long walk in rain";

    private RunningHost Host => house.Host;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task is_asked_for_beside_the_password()
    {
        (await Host.CliReadingAsync(Password + "\n", "users", "add", "--name", "gil", "--role", "viewer", "--password-stdin")).Ok();
        JsonElement enrolled = await AnswerAsync(await PostAsync("second-factor", new { user = "gil", password = Password }));
        string secret = enrolled.Text("secret");
        Assert.StartsWith($"otpauth://totp/Events:gil?secret={secret}&issuer=Events", enrolled.Text("address"), StringComparison.Ordinal);
        Assert.Equal("auth.denied", await RefusedAsync("second-factor/confirm", "123"));
        long step = DateTimeOffset.UtcNow.ToUnixTimeSeconds() / 30;
        await AnswerAsync(await PostAsync("second-factor/confirm", new { user = "gil", password = Password, code = OneTimeCode.Of(secret, step) }));

        Assert.Equal("auth.code_needed", await RefusedAsync("sign-in", null));
        Assert.Equal("auth.denied", await RefusedAsync("sign-in", OneTimeCode.Of(secret, step)));
        string next = OneTimeCode.Of(secret, step + 1);
        JsonElement signed = await AnswerAsync(await PostAsync("sign-in", new { user = "gil", password = Password, code = next }));
        Assert.Equal(
            HttpStatusCode.OK, await house.GetAsync("/live/camera0.jpg", ("Authorization", $"Bearer {signed.Text("accessToken")}")));
        Assert.Equal("user.second_factor_active", await RefusedAsync("second-factor", OneTimeCode.Of(secret, step + 2), step + 1));

        string log = await Host.SqlAsync("select string_agg(data::text, ' ') from events.mt_events") + Host.Output
            + await Host.SqlAsync("select string_agg(encode(value, 'escape'), ' ') from events_own.protected_value");
        Assert.DoesNotContain(secret, log, StringComparison.Ordinal);
        Assert.DoesNotContain(next, await Host.SqlAsync("select string_agg(data::text, ' ') from events.mt_events where type like 'user_%'"));
        JsonElement row = JsonElement.Parse((await Host.CliAsync("users", "remove-second-factor", "--name", "gil", "--format", "json")).Ok());
        Assert.False(row.GetProperty("hasSecondFactor").GetBoolean());
        await AnswerAsync(await PostAsync("sign-in", new { user = "gil", password = Password }));

        async Task<string> RefusedAsync(string what, string? code, long notBefore = 0)
        {
            // A code of the step after the next one is taken when that is the next one.
            await Until.TrueAsync(
                () => Task.FromResult(DateTimeOffset.UtcNow.ToUnixTimeSeconds() / 30 >= notBefore), TimeSpan.FromSeconds(40), "the next code");
            using HttpResponseMessage refused = await PostAsync(what, new { user = "gil", password = Password, code });
            return JsonElement.Parse(await refused.Content.ReadAsStringAsync(Cancel)).Text("code");
        }
    }

    [Theory]
    [InlineData(59, "287082")]
    [InlineData(1_111_111_109, "081804")]
    [InlineData(20_000_000_000, "353130")]
    public void makes_the_codes_of_the_standard(long second, string code)
    {
        var codes = new OneTimeCodes();
        const string Secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"; // RFC 6238, appendix B, with six digits.
        DateTimeOffset at = DateTimeOffset.FromUnixTimeSeconds(second);
        Assert.Equal(second / 30, codes.StepOf(Secret, code, at));
        Assert.Equal(second / 30, codes.StepOf(Secret, code, at.AddSeconds(30)));
        Assert.Null(codes.StepOf(Secret, code, at.AddSeconds(90)));
        Assert.Null(codes.StepOf(Secret, code[..5], at));
        Assert.Equal(code, OneTimeCode.Of(Secret, second / 30));
        Assert.Equal(32, codes.NewSecret().Length);
    }

    private Task<HttpResponseMessage> PostAsync(string what, object body) =>
        Host.Http.PostAsJsonAsync(new Uri($"/auth/{what}", UriKind.Relative), body, Cancel);

    private static async Task<JsonElement> AnswerAsync(HttpResponseMessage response)
    {
        string text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonElement.Parse(text);
    }
}
