using Events.Application.Cameras;
using Events.Application.Contracts;
using Events.Domain.Kernel;
using Events.Domain.Users;

namespace Events.Application.Users;

/// <summary>Commands name a user as people do; the log names the same one by an id. Here the one becomes the other.</summary>
public sealed class UserHandler(IUserNames names, UserIndex index, IReadModels views, Erasure erasure)
{
    public async Task<CommandResult> HandleAsync(UserCommand command, IStreams streams, CancellationToken cancellationToken)
    {
        if (await RefusalOfAsync(command, cancellationToken) is { } refusal)
        {
            return CommandResult.Refused(refusal);
        }

        UserCommand known = await IdentifyAsync(command, streams, cancellationToken);
        var done = await streams.TransactAsync(
            User.Decider, UserViewProjection.KeyOf(known.Id, known.Name), known, cancellationToken);
        if (done.Decision is Decision<UserEvent>.Accepted { Facts: [UserErased erased] })
        {
            // It is in the log, so it is done, whoever waits for it or not.
            try
            {
                await erasure.FinishAsync(erased, CancellationToken.None);
            }
            catch (IOException full)
            {
                throw new DependencyUnavailableException(
                    "storage", "The erasure is on record, but the key is not deleted yet. The next start finishes it.", full);
            }
        }

        return CommandResult.From(done);
    }

    private async Task<Refusal?> RefusalOfAsync(UserCommand command, CancellationToken cancellationToken)
    {
        // Whom nobody would create has no name claimed for.
        if (command is CreateUser
            && User.Decide(User.Decider.Initial, command, default) is Decision<UserEvent>.Refused { Refusal: var refusal })
        {
            return refusal;
        }

        CameraList? cameras = command switch
        {
            CreateUser c => c.Cameras,
            ChangeUserCameras c => c.Cameras,
            _ => null,
        };
        return await RegisteredCameras.HaveAllAsync(views, cameras, cancellationToken) ? null : UserRefusals.BadCameras;
    }

    private async Task<UserCommand> IdentifyAsync(UserCommand command, IStreams streams, CancellationToken cancellationToken)
    {
        if (command.Id is not null)
        {
            return command;
        }

        if (command is CreateUser)
        {
            // One of before names were sealed has the name for good.
            return await streams.LoadAsync(User.Decider, command.Name.Value, cancellationToken) is User.NotCreated
                ? command with { Id = await names.ClaimAsync(command.Name, cancellationToken) }
                : command;
        }

        return command with
        {
            Id = await names.FindAsync(command.Name, cancellationToken)
                ?? (await index.FindAsync(command.Name, cancellationToken))?.Id,
        };
    }
}
