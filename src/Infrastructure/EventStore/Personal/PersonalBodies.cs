using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Events.Application;
using Events.Application.Contracts;
using Events.EventStore.Appending;
using Events.EventStore.Reading;

namespace Events.EventStore.Personal;

/// <summary>
/// The edge between facts in memory, which say everything, and bodies in the log, where what is about people is sealed under
/// their keys. Facts of other types pass through untouched. Without <see cref="IPersonalData"/> nothing is sealed.
/// </summary>
internal sealed class PersonalBodies(EventCatalogue catalogue, IPersonalData? data)
{
    /// <summary>What stands for a text whose key is there, but not in this process.</summary>
    internal const string Locked = "[locked]";

    private static readonly byte[] _mark = [.. "\""u8, .. System.Text.Encoding.ASCII.GetBytes(SealedText.Mark)];

    public bool IsPersonal(string alias) => catalogue.Find(alias)?.Personal.Count > 0;

    /// <summary>Seals what is personal in bodies that are ready to be written.</summary>
    /// <exception cref="DependencyUnavailableException">PostgreSQL does not answer.</exception>
    public async ValueTask SealAsync(FactRow[] facts, CancellationToken cancellationToken)
    {
        for (int i = 0; i < facts.Length && data is not null; i++)
        {
            if (facts[i].Type.Personal.Count > 0)
            {
                facts[i] = facts[i] with { Data = await SealAsync(facts[i], data, cancellationToken) };
            }
        }
    }

    /// <summary>The name of who caused facts, and where they came from, as both are stored beside each of them.</summary>
    public async ValueTask<Origin> SealAsync(Origin origin, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (data is null)
        {
            return origin;
        }

        string user = await data.PseudonymAsync(PersonalKind.Account, origin.UserName, cancellationToken) ?? origin.UserName;
        if (!origin.Headers.TryGetValue(Origin.AddressHeader, out string? address))
        {
            return user == origin.UserName ? origin : origin with { UserName = user };
        }

        string hidden = await data.PseudonymAsync(PersonalKind.Address, address, cancellationToken)
            ?? await SealAsync(
                data,
                PersonalMember.SubjectFor(origin.UserName, now),
                origin.CorrelationId,
                Origin.AddressHeader,
                address,
                cancellationToken);
        return origin with
        {
            UserName = user,
            Headers = new Dictionary<string, string>(origin.Headers, StringComparer.Ordinal) { [Origin.AddressHeader] = hidden },
        };
    }

    /// <summary>A body as it is read: what was sealed is in clear, or a word in its place where the key is gone.</summary>
    /// <exception cref="UnreadableFactException">
    /// What is sealed there was not sealed for this fact, or the body is no object.
    /// </exception>
    public byte[] Open(string alias, Guid id, byte[] body, long position)
    {
        if (catalogue.Find(alias) is not { Personal.Count: > 0 } type || body.AsSpan().IndexOf(_mark) < 0)
        {
            return body;
        }

        try
        {
            if (JsonNode.Parse(body) is not JsonObject members)
            {
                throw new JsonException("The body is no object.");
            }

            foreach (PersonalMember member in type.Personal)
            {
                if (member.Kind is not PersonalKind.Account
                    && TextOf(members, member.Name) is { } text && SealedText.SubjectOf(text) is { } subject)
                {
                    members[member.Name] = data is null ? Locked
                        : data.Find(subject) is not { } key ? PersonalMember.Erased
                        : key.Length == 0 ? Locked
                        : SealedText.Open(key, text, IdText(id), member.Name);
                }
            }

            return JsonSerializer.SerializeToUtf8Bytes(members, PersonalJson.Default.JsonObject);
        }
        catch (Exception broken) when (broken is CryptographicException or JsonException)
        {
            throw new UnreadableFactException(position, alias, broken);
        }
    }

    private static async ValueTask<string> SealAsync(FactRow fact, IPersonalData data, CancellationToken cancellationToken)
    {
        JsonObject members = JsonNode.Parse(fact.Data)!.AsObject();
        // Whose they are is read from the body in clear, before any of it is changed.
        string?[] subjects = [.. fact.Type.Personal.Select(member => member.SubjectOf(members))];
        for (int i = 0; i < subjects.Length; i++)
        {
            PersonalMember member = fact.Type.Personal[i];
            if (TextOf(members, member.Name) is { Length: > 0 } text)
            {
                // A user's pseudonym is made of the account: made of the name, whoever has the key could guess it.
                string whose = member.Kind is PersonalKind.Name ? subjects[i] ?? text : text;
                members[member.Name] = await data.PseudonymAsync(member.Kind, whose, cancellationToken)
                    ?? (member.Kind is PersonalKind.Account ? text
                        : subjects[i] is not { } subject ? Plain(text)
                        : await SealAsync(data, subject, IdText(fact.Id), member.Name, text, cancellationToken));
            }
        }

        return JsonSerializer.Serialize(members, PersonalJson.Default.JsonObject);
    }

    private static async ValueTask<string> SealAsync(
        IPersonalData data, string subject, string context, string member, string text, CancellationToken cancellationToken) =>
        await data.FindOrMakeAsync(subject, cancellationToken) is not { } key ? PersonalMember.Erased
            : key.Bytes.Length == 0 ? Locked
            : SealedText.Seal(key.Bytes, key.Subject, context, member, text);

    /// <summary>What stays in clear must not be taken for something sealed, whatever people write.</summary>
    private static string Plain(string text) => SealedText.SubjectOf(text) is null ? text : $" {text}";

    private static string? TextOf(JsonObject members, string name) =>
        members[name] is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    private static string IdText(Guid id) => id.ToString("d");
}

[System.Text.Json.Serialization.JsonSerializable(typeof(JsonObject))]
internal sealed partial class PersonalJson : System.Text.Json.Serialization.JsonSerializerContext;
