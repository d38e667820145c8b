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

/// <param name="Position">Of the row.</param>
internal sealed record AdoptionWish(long Position, string Reason);

/// <param name="Leaf">Its hash, lower-case hex.</param>
/// <param name="By">Position of the fact that adopted it.</param>
/// <param name="Stream">Null if the row names none.</param>
internal sealed record AdoptedRow(long Position, long Version, string Leaf, long By, string? Stream = null);

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
        control.MapPost("/audit/adoptions", (Delegate)AdoptAsync);
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
            // Begun, it is carried through: a log under a new name without a fact that says why would look forged. Where that
            // fails, the same command goes on from here.
            SealFork fork = await seals.ForkAsync(CancellationToken.None);
            CommandResult result = await bus.SendAsync(
                new NoteFork(
                    fork.OldOrigin, fork.NewOrigin, fork.LostSize, fork.LostRoot, fork.Size, fork.Root, reason.Text),
                ControlCalls.CallerNow(),
                CancellationToken.None);
            if (result.Refusal is { } refusal)
            {
                return ControlCalls.Problem(
                    409,
                    refusal.Code,
                    "The log goes on under a new name, and no fact says why yet. Give the command again: " + refusal.Message);
            }

            seals.ForkTold();
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
                new NoteKeyRotation(keys.Present, keys.Next, keys.Signature, reason.Text),
                ControlCalls.CallerNow(),
                context.RequestAborted);
            return result.Refusal is { } refusal
                ? ControlCalls.Problem(409, refusal.Code, refusal.Message)
                : Results.Json(keys, AuditJson.Default.SealKeys);
        }
        catch (InvalidOperationException refused)
        {
            return ControlCalls.Problem(409, "seals.no_rotation", refused.Message);
        }
    }

    /// <summary>What the fact says of the row is what is stored of it now, and only of a row that is in no tree.</summary>
    private async Task<IResult> AdoptAsync(HttpContext context)
    {
        AdoptionWish wish = await ControlCalls.BodyAsync(context, AuditJson.Default.AdoptionWish);
        try
        {
            AdoptableRow row = await LogAdoption.FindAsync(store.ConnectionString(), wish.Position, context.RequestAborted);
            CommandResult result = await bus.SendAsync(
                new AdoptFact(row.Position, row.Stream, row.Version, row.Leaf, wish.Reason),
                ControlCalls.CallerNow(),
                context.RequestAborted);
            if (result.Refusal is { } refusal)
            {
                return ControlCalls.Problem(409, refusal.Code, refusal.Message);
            }

            if (result.Position == 0)
            {
                // Somebody else adopted it between the look and the command: now the look says by which fact.
                await LogAdoption.FindAsync(store.ConnectionString(), wish.Position, context.RequestAborted);
                throw new AdoptionRefusedException(
                    $"A fact about the row at position {wish.Position} is there already, and says nothing, because it is in no "
                    + "tree itself. Nothing was changed. events audit verify names that fact.");
            }

            seals.LookAgain();
            return Results.Json(
                new AdoptedRow(row.Position, row.Version, row.Leaf, result.Position, row.Stream), AuditJson.Default.AdoptedRow);
        }
        catch (AdoptionRefusedException refused)
        {
            return ControlCalls.Problem(409, "seals.no_adoption", refused.Message);
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
