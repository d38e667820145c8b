using Events.Application;
using Events.Application.Contracts;
using Events.Domain.Logs;
using Events.EventStore;
using Events.EventStore.Seals;
using Events.Host.Control;

namespace Events.Host.Audit;

/// <summary>What the command line is to note in the log: an export.</summary>
internal sealed record ExportNote(
    Guid Bundle, string Scope, long FactCount, long TreeSize, string ManifestSha256, string Reason);

/// <param name="Position">Of the fact; 0 when it was there already.</param>
internal sealed record Noted(long Position);

/// <summary>
/// Tells the command line where the log, its seals and its footage are, so that it reads them itself, and notes in the log what
/// was done with it.
/// </summary>
internal sealed class AuditControl(
    CommandBus bus, EventStoreOptions store, SealOptions options, ISeals seals, IAnchors anchors, ControlFacts facts)
    : IControlRoutes
{
    public void Map(RouteGroupBuilder control)
    {
        control.MapGet("/log", () => Results.Json(
            new LogPlace(store.ConnectionString(), options.Folder, facts.Data, options.Anchors.Folder, seals.Status.Trouble)
            {
                Shown = anchors.All,
            },
            AuditJson.Default.LogPlace));
        control.MapPost("/audit/exports", (Delegate)NoteExportAsync);
        control.MapPost("/audit/fork", (Delegate)ForkAsync);
        control.MapPost("/audit/rotation", (Delegate)RotateAsync);
    }

    /// <summary>The fact comes after: before, nothing may be appended.</summary>
    private async Task<IResult> ForkAsync(HttpContext context)
    {
        Reason reason = await ControlCalls.BodyAsync(context, ControlJson.Default.Reason);
        if (!Domain.Kernel.OneLine.Is(reason.Text, Logbook.ReasonLengthMax))
        {
            return ControlCalls.Problem(409, LogbookRefusals.BadReason.Code, LogbookRefusals.BadReason.Message);
        }

        try
        {
            // Begun, it is carried through: a log under a new name without a fact that says why would look forged.
            SealFork fork = await seals.ForkAsync(CancellationToken.None);
            await bus.SendAsync(
                new NoteFork(
                    fork.OldOrigin, fork.NewOrigin, fork.LostSize, fork.LostRoot, fork.Size, fork.Root, reason.Text),
                ControlCalls.CallerNow(),
                CancellationToken.None);
            return Results.Json(fork, AuditJson.Default.SealFork);
        }
        catch (InvalidOperationException refused)
        {
            return ControlCalls.Problem(409, "seals.no_fork", refused.Message);
        }
    }

    /// <summary>The fact first: a key that no fact announces signs nothing.</summary>
    private async Task<IResult> RotateAsync(HttpContext context)
    {
        Reason reason = await ControlCalls.BodyAsync(context, ControlJson.Default.Reason);
        try
        {
            SealKeys keys = seals.PrepareNextKey();
            CommandResult result = await bus.SendAsync(
                new NoteKeyRotation(keys.Present, keys.Next, reason.Text), ControlCalls.CallerNow(), context.RequestAborted);
            return result.Refusal is { } refusal
                ? ControlCalls.Problem(409, refusal.Code, refusal.Message)
                : Results.Json(keys, AuditJson.Default.SealKeys);
        }
        catch (InvalidOperationException refused)
        {
            return ControlCalls.Problem(409, "seals.no_rotation", refused.Message);
        }
    }

    private async Task<IResult> NoteExportAsync(HttpContext context)
    {
        ExportNote note = await ControlCalls.BodyAsync(context, AuditJson.Default.ExportNote);
        CommandResult result = await bus.SendAsync(
            new NoteExport(note.Bundle, note.Scope, note.FactCount, note.TreeSize, note.ManifestSha256, note.Reason),
            ControlCalls.CallerNow(),
            context.RequestAborted);
        return result.Refusal is { } refusal
            ? ControlCalls.Problem(409, refusal.Code, refusal.Message)
            : Results.Json(new Noted(result.Position), AuditJson.Default.Noted);
    }
}
