using System.Globalization;
using System.Text.Json.Nodes;
using Events.Domain.Kernel;

namespace Events.Application.Contracts;

/// <summary>A member of a stored body that is about a person. The store seals it, or puts a pseudonym there.</summary>
/// <param name="Name">In the body, camelCase. Its value is a text.</param>
/// <param name="SubjectOf">Whose it is, by the body in clear; null for what stays in clear.</param>
public sealed record PersonalMember(string Name, PersonalKind Kind, Func<JsonObject, string?> SubjectOf)
{
    private const string MonthPrefix = "month-";

    /// <summary>What stands for a text whose key was erased.</summary>
    public const string Erased = "[erased]";

    /// <summary>Of a fact about a user, who is named by the member <c>id</c>.</summary>
    public static PersonalMember OfUser(string name, PersonalKind kind) =>
        new(name, kind, body => Guid.TryParse(Text(body, "id"), out Guid id) ? new UserId(id).Account : null);

    /// <summary>Of a fact about an access, by <c>who</c> if that is a user; else the month's of <c>at</c>.</summary>
    public static PersonalMember OfAccess(string name, PersonalKind kind) =>
        new(name, kind, body => SubjectFor(
            Text(body, "who") ?? string.Empty,
            DateTimeOffset.Parse(Text(body, "at")!, CultureInfo.InvariantCulture)));

    /// <summary>Whose an address is that <paramref name="account"/> came from.</summary>
    public static string SubjectFor(string account, DateTimeOffset at) =>
        UserId.OfAccount(account) is { } id
            ? id.Account
            : string.Create(CultureInfo.InvariantCulture, $"{MonthPrefix}{at.UtcDateTime:yyyy-MM}");

    /// <summary>Whether the key of a subject may be made when it is missing: a user's never comes back.</summary>
    public static bool IsMonth(string subject) => subject.StartsWith(MonthPrefix, StringComparison.Ordinal);

    private static string? Text(JsonObject body, string name) => body[name]?.GetValue<string>();
}
