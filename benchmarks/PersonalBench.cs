using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Events.Application;
using Events.Application.Contracts;
using Events.Domain.Access;
using Events.Domain.Users;
using Events.EventStore.Appending;
using Events.EventStore.Personal;

namespace Events.Benchmarks;

/// <summary>What it costs to seal what facts say of people, and to open it; and what it costs all other facts.</summary>
internal static class PersonalBench
{
    private const int Rounds = 100_000;

    private static readonly DateTimeOffset _at = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static async Task RunAsync(BenchContext context)
    {
        PersonalBodies personal = new(EventTypes.Catalogue, new OneKey());
        await AddAsync(context, personal, "an access fact", new AccessGranted(
            "node1", "user-0199a000-0000-7000-8000-0000000000f3", "graphql", "2001:db8::7", 3, _at, _at, _at));
        await AddAsync(context, personal, "a fact of a user", new UserDisabled(new("ada"), "Has left", _at)
        {
            Id = new(Guid.Parse("0199a000-0000-7000-8000-0000000000f3")),
        });
        await AddAsync(context, personal, "a fact about nobody", new Domain.Cameras.CameraDisconnected(
            new(Guid.Parse("0199a000-0000-7000-8000-000000000001")), "No answer in 5 s", _at));
    }

    private static async Task AddAsync(BenchContext context, PersonalBodies personal, string what, object fact)
    {
        EventType type = EventTypes.Catalogue.Of(fact);
        string text = JsonSerializer.Serialize(fact, type.Json);
        FactRow[] rows = [new(Guid.CreateVersion7(), type, text)];
        double written = await MeasureAsync(async () =>
        {
            rows[0] = rows[0] with { Data = text };
            await personal.SealAsync(rows, CancellationToken.None);
        });
        byte[] stored = Encoding.UTF8.GetBytes(rows[0].Data);
        double read = await MeasureAsync(() =>
        {
            personal.Open(type.Alias, rows[0].Id, stored, 1);
            return ValueTask.CompletedTask;
        });
        context.Add(new BenchFigure($"{what}, written", "µs", written, null, null, null, "CPU beside its JSON"));
        context.Add(new BenchFigure($"{what}, read", "µs", read, null, null, null, $"the same; {text.Length} bytes are {stored.Length}"));
    }

    private static async Task<double> MeasureAsync(Func<ValueTask> act)
    {
        for (int i = 0; i < Rounds / 10; i++)
        {
            await act();
        }

        TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
        for (int i = 0; i < Rounds; i++)
        {
            await act();
        }

        return (Process.GetCurrentProcess().TotalProcessorTime - before).TotalMicroseconds / Rounds;
    }

    /// <summary>As the host's, once a key is in memory.</summary>
    private sealed class OneKey : IPersonalData
    {
        private readonly byte[] _key = new byte[32];

        public byte[]? Find(string subject) => _key;

        public ValueTask<SubjectKey?> FindOrMakeAsync(string subject, CancellationToken cancellationToken) =>
            new(new SubjectKey(subject, _key));

        public ValueTask<string?> PseudonymAsync(PersonalKind kind, string value, CancellationToken cancellationToken) =>
            new((string?)null);
    }
}
