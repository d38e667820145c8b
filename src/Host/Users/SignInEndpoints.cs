using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Events.Application.Users;
using Events.Host.Security;
using Microsoft.IdentityModel.Tokens;

namespace Events.Host.Users;

/// <param name="Code">Of the second factor; null from who has none.</param>
internal sealed record SignInWish(string User, string Password, string? Code = null);

/// <inheritdoc cref="SignInWish"/>
internal sealed record PasswordWish(string User, string Password, string NewPassword, string? Code = null);

internal sealed record CodeWish(string User, string Password, string Code);

/// <param name="Secret">In base 32.</param>
/// <param name="Address">The same for a picture that devices read: <c>otpauth://totp/...</c>.</param>
internal sealed record SecondFactorSecret(string Secret, string Address)
{
    /// <summary>As authenticator apps read it; the issuer is what they show beside the name.</summary>
    public static SecondFactorSecret Of(SignInResult.Enrolled enrolled) =>
        new(
            enrolled.Secret,
            $"otpauth://totp/Events:{enrolled.Name}?secret={enrolled.Secret}"
            + "&issuer=Events&algorithm=SHA1&digits=6&period=30");

    public override string ToString() => nameof(SecondFactorSecret);
}

internal sealed record RefreshWish(string RefreshToken);

/// <param name="ExpiresIn">Of the access token, in seconds.</param>
/// <param name="RefreshToken">Good once.</param>
internal sealed record SignedIn(
    string AccessToken, string TokenType, int ExpiresIn, string RefreshToken, string User, string Role)
{
    public static SignedIn Of(SignInResult.Done done, SessionTokens tokens) =>
        new(
            tokens.Issue(done.SessionId, done.Account, done.Role),
            "Bearer",
            (int)SessionTokens.Lifetime.TotalSeconds,
            done.RefreshToken,
            done.Name.Value,
            AccessTokens.NameOf(done.Role));

    public override string ToString() => nameof(SignedIn);
}

/// <summary>
/// People sign in, stay in and go, as JSON: <c>POST /auth/sign-in</c>, <c>/auth/refresh</c>, <c>/auth/sign-out</c>,
/// <c>/auth/password</c>, <c>/auth/second-factor</c> with <c>/confirm</c> and <c>/remove</c>; and the public keys that check
/// access tokens, <c>GET /.well-known/jwks.json</c> (RFC 7517). No cookies: what a browser does not send by itself, no other page
/// can make it send.
/// </summary>
internal sealed class SignInEndpoints(
    SignIns signIns, SignInAttempts attempts, SessionTokens tokens, SigningKeys keys)
{
    private const string Way = "http";

    /// <summary>The way in, as facts about access name it.</summary>
    private const string AuditWay = "sign-in";

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/auth/sign-in", (Delegate)SignInAsync);
        routes.MapPost("/auth/password", (Delegate)ChangePasswordAsync);
        routes.MapPost("/auth/second-factor", (Delegate)EnrolAsync);
        routes.MapPost("/auth/second-factor/confirm", (Delegate)ConfirmAsync);
        routes.MapPost("/auth/second-factor/remove", (Delegate)RemoveAsync);
        routes.MapPost("/auth/refresh", (Delegate)RefreshAsync);
        routes.MapPost("/auth/sign-out", (Delegate)SignOutAsync);
        routes.MapGet("/.well-known/jwks.json", (Delegate)ShowKeys);
    }

    private Task<IResult> SignInAsync(HttpContext context) =>
        ForAsync(context, SignInJson.Default.SignInWish, wish =>
            signIns.SignInAsync(wish.User, wish.Password, wish.Code, Way, context.RequestAborted));

    private Task<IResult> ChangePasswordAsync(HttpContext context) =>
        ForAsync(context, SignInJson.Default.PasswordWish, wish =>
            signIns.ChangePasswordAsync(
                new Claimant.Named(wish.User),
                wish.Password,
                wish.Code,
                wish.NewPassword,
                Way,
                context.RequestAborted));

    private Task<IResult> EnrolAsync(HttpContext context) =>
        ForAsync(context, SignInJson.Default.SignInWish, wish =>
            signIns.EnrolSecondFactorAsync(
                new Claimant.Named(wish.User), wish.Password, wish.Code, Way, context.RequestAborted));

    private Task<IResult> ConfirmAsync(HttpContext context) =>
        ForAsync(context, SignInJson.Default.CodeWish, wish =>
            signIns.ConfirmSecondFactorAsync(
                new Claimant.Named(wish.User), wish.Password, wish.Code, Way, context.RequestAborted));

    private Task<IResult> RemoveAsync(HttpContext context) =>
        ForAsync(context, SignInJson.Default.SignInWish, wish =>
            signIns.RemoveSecondFactorAsync(
                new Claimant.Named(wish.User), wish.Password, wish.Code, Way, context.RequestAborted));

    private Task<IResult> RefreshAsync(HttpContext context) =>
        ForAsync(
            context,
            SignInJson.Default.RefreshWish,
            wish => signIns.RefreshAsync(wish.RefreshToken, Way, context.RequestAborted),
            isGuess: false);

    /// <param name="isGuess">Whether it counts as an attempt. Nobody guesses 256 bits, and whoever is in has to stay in.</param>
    private async Task<IResult> ForAsync<TWish>(
        HttpContext context, JsonTypeInfo<TWish> json, Func<TWish, Task<SignInResult>> act, bool isGuess = true)
        where TWish : class
    {
        if (isGuess && attempts.Take(string.Empty, AuditWay, context.Connection.RemoteIpAddress) is { } often)
        {
            return Later(context, often);
        }

        if (await ReadAsync(context, json) is not { } wish)
        {
            return Problem(
                400, "auth.bad_request", "Send a JSON object (Content-Type: application/json) with the fields needed.");
        }

        context.Response.Headers.CacheControl = "no-store";
        SignInResult result = await act(wish);
        attempts.Tell(result, string.Empty, AuditWay, context.Connection.RemoteIpAddress);
        if (attempts.WaitAfter(result) is { } wait)
        {
            return Later(context, wait);
        }

        return result switch
        {
            SignInResult.Done done => Results.Json(SignedIn.Of(done, tokens), SignInJson.Default.SignedIn),
            SignInResult.Enrolled enrolled => Results.Json(
                SecondFactorSecret.Of(enrolled), SignInJson.Default.SecondFactorSecret),
            SignInResult.NeedsCode => Problem(
                401, "auth.code_needed", "Send the code that your device shows, too, as \"code\"."),
            SignInResult.MustChange => Problem(
                403, "auth.password_must_change", "Change the password first: POST /auth/password."),
            SignInResult.Refused refused => Problem(400, refused.Refusal.Code, refused.Refusal.Message),
            _ => Problem(401, "auth.denied", "That is not right, or is over. Sign in again."),
        };
    }

    private async Task<IResult> SignOutAsync(HttpContext context)
    {
        if (await ReadAsync(context, SignInJson.Default.RefreshWish) is { } wish)
        {
            await signIns.SignOutAsync(wish.RefreshToken, Way, context.RequestAborted);
        }

        return Results.NoContent();
    }

    private IResult ShowKeys(HttpContext context)
    {
        JsonArray all = [];
        foreach (ECDsaSecurityKey key in keys.ReadAgain())
        {
            JsonWebKey web = JsonWebKeyConverter.ConvertFromECDsaSecurityKey(key);
            all.Add(new JsonObject
            {
                ["kty"] = "EC",
                ["use"] = "sig",
                ["alg"] = "ES256",
                ["crv"] = web.Crv,
                ["kid"] = key.KeyId,
                ["x"] = web.X,
                ["y"] = web.Y,
            });
        }

        context.Response.Headers.CacheControl = string.Create(
            CultureInfo.InvariantCulture, $"public, max-age={(int)SigningKeys.KeptFor.TotalSeconds}");
        return Results.Text(new JsonObject { ["keys"] = all }.ToJsonString(), "application/json");
    }

    /// <returns>Null for what is not JSON of this form, or does not say that it is.</returns>
    private static async Task<T?> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> json)
        where T : class
    {
        if (!context.Request.HasJsonContentType())
        {
            return null;
        }

        try
        {
            return await JsonSerializer.DeserializeAsync(context.Request.Body, json, context.RequestAborted);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static IResult Later(HttpContext context, SignInWait wait)
    {
        context.Response.Headers.RetryAfter = wait.Seconds.ToString(CultureInfo.InvariantCulture);
        return Problem(429, wait.Code, wait.Message);
    }

    private static IResult Problem(int status, string code, string message) =>
        Results.Problem(message, statusCode: status, extensions: new Dictionary<string, object?> { ["code"] = code });
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(SignInWish))]
[JsonSerializable(typeof(PasswordWish))]
[JsonSerializable(typeof(CodeWish))]
[JsonSerializable(typeof(SecondFactorSecret))]
[JsonSerializable(typeof(RefreshWish))]
[JsonSerializable(typeof(SignedIn))]
internal sealed partial class SignInJson : JsonSerializerContext;
