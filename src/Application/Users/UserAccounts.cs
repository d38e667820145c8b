using System.Security.Cryptography;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Domain.Users;

namespace Events.Application.Users;

/// <summary>
/// Commands to users that have a password with them. What is kept of it is stored first, under an id of its own, and only counts
/// once a fact names that id: whatever breaks off in between leaves everything as it was.
/// </summary>
public sealed class UserAccounts(
    CommandBus bus, UserRing ring, UserIndex index, Passwords passwords, IPasswordStore store, IReadModels views)
{
    public static readonly Refusal TooBusy =
        new("user.too_busy", "Too many passwords are being looked at. Try again in a moment.");

    public static readonly Refusal TooMany =
        new("user.too_many", "There are as many users as an installation can have.");

    /// <summary>In characters: 20 of 57 that nobody takes for each other, some 116 bits.</summary>
    private const int GeneratedLength = 20;

    private const string Letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789-";

    /// <summary>A password for somebody who is to change it.</summary>
    public static string Generate() => RandomNumberGenerator.GetString(Letters, GeneratedLength);

    /// <param name="cameras">Those that the user may know of; null for all.</param>
    public async Task<CommandResult> CreateAsync(
        string name,
        Role role,
        CameraList? cameras,
        string password,
        bool mustChange,
        Caller caller,
        CancellationToken cancellationToken)
    {
        if (UserName.TryParse(name) is not { } user)
        {
            return CommandResult.Refused(UserRefusals.BadName);
        }

        if (await index.FindAsync(user, cancellationToken) is not null)
        {
            return CommandResult.Refused(UserRefusals.AlreadyCreated);
        }

        var all = await views.ListAsync(UserViewProjection.View, ViewQuery.All with { Limit = 1 }, cancellationToken);
        return all.Total >= UserRing.UsersMax
            ? CommandResult.Refused(TooMany)
            : await KeepAsync(
                user, password, id => new CreateUser(user, role, id, mustChange, cameras), caller, cancellationToken);
    }

    public async Task<CommandResult> SetPasswordAsync(
        UserName name, string password, bool mustChange, Caller caller, CancellationToken cancellationToken)
    {
        UserView? before = await index.FindAsync(name, cancellationToken);
        CommandResult result = await KeepAsync(
            name, password, id => new SetUserPassword(name, id, mustChange) { Id = before?.Id }, caller, cancellationToken);
        if (result.Position > 0 && before is not null)
        {
            // The new one counts; the old one is of no use to anybody but a thief.
            await store.DeleteAsync(before.PasswordId, CancellationToken.None);
        }

        return result;
    }

    /// <summary>Takes the second factor from somebody, and forgets its secret.</summary>
    public async Task<CommandResult> RemoveSecondFactorAsync(
        UserName name, Caller caller, long? expectedVersion, CancellationToken cancellationToken)
    {
        UserView? before = await index.FindAsync(name, cancellationToken);
        CommandResult result = await SendAsync(
            new RemoveUserSecondFactor(name) { Id = before?.Id }, caller, expectedVersion, cancellationToken);
        if (result.Position > 0 && before?.SecondFactorId is { } id)
        {
            await store.DeleteAsync(id, CancellationToken.None);
        }

        return result;
    }

    /// <summary>Sends any command to a user. The answer comes when it counts on this node.</summary>
    public async Task<CommandResult> SendAsync(
        object command, Caller caller, long? expectedVersion, CancellationToken cancellationToken)
    {
        CommandResult result = await bus.SendAsync(command, caller, expectedVersion, cancellationToken);
        return result.Position == 0 || await ring.WaitForAsync(result.Position, CommandBus.VisibilityTimeout, cancellationToken)
            ? result
            : result with { IsVisible = false };
    }

    private async Task<CommandResult> KeepAsync(
        UserName name, string password, Func<Guid, UserCommand> command, Caller caller, CancellationToken cancellationToken)
    {
        if (!caller.May(Right.ManageAccess))
        {
            return CommandResult.Refused(CommandBus.NotAllowed);
        }

        if (!Passwords.IsGood(password, name))
        {
            return CommandResult.Refused(UserRefusals.WeakPassword);
        }

        if (await passwords.HashAsync(password, cancellationToken) is not { } hash)
        {
            return CommandResult.Refused(TooBusy);
        }

        Guid id = Guid.CreateVersion7();
        await store.SetAsync(id, hash, cancellationToken);
        CommandResult result = await SendAsync(command(id), caller, null, cancellationToken);
        if (result.Refusal is not null)
        {
            await store.DeleteAsync(id, CancellationToken.None);
        }

        return result;
    }
}
