// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

namespace smtrain::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <typename Kind>
Kind parse(std::vector<std::string> arguments) {
  return std::get<Kind>(parse_command_line(std::move(arguments)));
}

std::string mistake_in(std::vector<std::string> arguments) {
  try {
    parse_command_line(std::move(arguments));
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no mistake";
}

JobArguments job_in(std::vector<std::string> arguments) {
  return parse<TrainCommand>(std::move(arguments)).job;
}

auto is_setting(const char* key, const char* value, const char* origin) {
  return testing::AllOf(testing::Field(&Setting::key, key), testing::Field(&Setting::value, value),
                        testing::Field(&Setting::origin, origin));
}

TEST(CommandLine, TrainIsTheDefault) {
  EXPECT_EQ(job_in({"--config", "cats.yaml"}).config, "cats.yaml");
  EXPECT_EQ(job_in({"--config=cats.yaml"}).config, "cats.yaml");
  EXPECT_EQ(job_in({"train", "--config", "cats.yaml"}).config, "cats.yaml");
}

TEST(CommandLine, SetComesBeforeTheFlags) {
  const auto train = job_in(
      {"--config", "c", "--lr", "0.1", "--set", "train.optimizer.name=adam", "--set=train.seed=2"});
  EXPECT_THAT(train.settings, ElementsAre(is_setting("train.optimizer.name", "adam",
                                                     "--set train.optimizer.name=adam"),
                                          is_setting("train.seed", "2", "--set train.seed=2"),
                                          is_setting("train.optimizer.lr", "0.1", "--lr 0.1")));
}

TEST(CommandLine, DoctorPrintsATableOrJson) {
  EXPECT_FALSE(parse<DoctorCommand>({"doctor"}).json);
  EXPECT_TRUE(parse<DoctorCommand>({"doctor", "--json"}).json);
  EXPECT_EQ(mistake_in({"doctor", "--jsn"}),
            "doctor: unknown option '--jsn'; did you mean '--json'?");
}

TEST(CommandLine, DashAndUnderscoreAreAlike) {
  for (const char* name : {"--test-batch-size", "--test_batch_size", "--test_batch-size"}) {
    EXPECT_THAT(job_in({"--config", "c", name, "8"}).settings,
                ElementsAre(is_setting("train.test_batch_size", "8", "--test-batch-size 8")));
  }
}

TEST(CommandLine, TakesTheFirstArticlesArguments) {
  const auto train = job_in({"--config",       "c",      "--backend",         "gloo",
                             "--epochs",       "30",     "--batch-size",      "4",
                             "--lr",           "0.001",  "--momentum",        "0.9",
                             "--seed",         "1",      "--hosts",           "[\"algo-1\"]",
                             "--current-host", "algo-1", "--model-dir",       "/model",
                             "--data-dir",     "/data",  "--log-interval",    "100",
                             "--num-gpus",     "0",      "--test-batch-size", "4"});
  const Recipe recipe = read_recipe("model: net\ndata: {train: '${channel:training}/train'}\n", "c",
                                    train.settings, train.variables);
  EXPECT_EQ(recipe.train.epochs, 30);
  EXPECT_EQ(recipe.train.batch_size, 4);
  EXPECT_EQ(recipe.train.optimizer,
            OptimizerOptions(optim::SgdOptions{.lr = 0.001, .momentum = 0.9}));
  EXPECT_EQ(recipe.distributed.backend, "gloo");
  EXPECT_THAT(recipe.distributed.hosts, ElementsAre("algo-1"));
  EXPECT_EQ(recipe.output.model_dir, "/model");
  EXPECT_EQ(recipe.data.train.path, "/data/train");
  EXPECT_EQ(train.gpus.value().count, 0);
}

TEST(CommandLine, SwitchesAreWrittenInManyWays) {
  const auto value = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "train");
    const auto train = job_in(arguments);
    const Recipe recipe =
        read_recipe("model: net\ndata: {train: d}\n", "c", train.settings, train.variables);
    return std::get<optim::SgdOptions>(recipe.train.optimizer).nesterov;
  };
  const std::string m = "--momentum=0.9";
  for (const char* text : {"true", "True", "1", "yes", "on"}) {
    EXPECT_TRUE(value({m, "--nesterov", text})) << text;
    EXPECT_TRUE(value({m, std::string("--nesterov=") + text})) << text;
  }
  EXPECT_TRUE(value({m, "--nesterov"}));
  EXPECT_TRUE(value({"--nesterov", m}));
  EXPECT_FALSE(value({m, "--nesterov", "False"}));
  EXPECT_FALSE(value({m, "--nesterov=false"}));
  EXPECT_FALSE(value({m, "--no-nesterov"}));
  EXPECT_FALSE(value({m, "--nesterov", "--no_nesterov"}));
  EXPECT_FALSE(value({m, "--nesterov", ""}));
}

TEST(CommandLine, ListsAreWrittenInManyWays) {
  for (const char* text : {"[\"algo-1\"]", "['algo-1']", "algo-1"}) {
    const auto train = job_in({"train", "--hosts", text});
    const Recipe recipe = read_recipe("model: net\ndata: {train: d}\n", "c", train.settings);
    EXPECT_THAT(recipe.distributed.hosts, ElementsAre("algo-1")) << text;
  }
  for (const char* text : {"[64, 32]", "64,32", "64, 32", "[64.0, \"32\"]"}) {
    const auto train = job_in({"train", "--image_size", text});
    const Recipe recipe = read_recipe("model: net\ndata: {train: d}\n", "c", train.settings);
    EXPECT_EQ(recipe.data.transform.at(0), Transform(Resize{{64, 32}})) << text;
  }
}

TEST(CommandLine, AliasesAndTheLaterOfTwoSpellings) {
  const auto train = job_in({"train", "--num_epochs", "3", "--learning-rate=0.5", "--gpu-count",
                             "2", "--train_dir", "/d", "--epochs", "4"});
  EXPECT_THAT(train.settings,
              ElementsAre(is_setting("train.epochs", "3", "--num-epochs 3"),
                          is_setting("train.optimizer.lr", "0.5", "--learning-rate 0.5"),
                          is_setting("train.epochs", "4", "--epochs 4")));
  EXPECT_EQ(train.gpus.value().count, 2);
  EXPECT_EQ(train.variables.get("SM_CHANNEL_TRAINING"), "/d");
}

TEST(CommandLine, AModelFolderThatIsAUrlIsNone) {
  const auto train = job_in({"train", "--model_dir", "s3://bucket/model"});
  EXPECT_THAT(train.settings, ElementsAre());
  EXPECT_THAT(train.notes, ElementsAre("--model-dir s3://bucket/model: a URL is no folder; the "
                                       "model goes where SM_MODEL_DIR or output.model_dir says"));
}

TEST(CommandLine, UnknownOptionsAreLeftOutOnRequest) {
  const auto train =
      job_in({"train", "--epoch", "3", "-k", "v", "--lr", "-1", "--flag", "--ignore-unknown"});
  EXPECT_THAT(train.settings, ElementsAre(is_setting("train.optimizer.lr", "-1", "--lr -1")));
  EXPECT_THAT(train.notes, ElementsAre("unknown option '--epoch'; did you mean '--epochs'?",
                                       "unknown option '-k'", "unknown option '--flag'"));
}

TEST(CommandLine, KeysWithoutSet) {
  const auto train = job_in({"train", "--lr", "0.1", "--config", "c", "train.seed=2", "--set",
                             "train.epochs=4", "output.dir=a=b"});
  EXPECT_THAT(train.settings, ElementsAre(is_setting("train.seed", "2", "train.seed=2"),
                                          is_setting("train.epochs", "4", "--set train.epochs=4"),
                                          is_setting("output.dir", "a=b", "output.dir=a=b"),
                                          is_setting("train.optimizer.lr", "0.1", "--lr 0.1")));
}

TEST(CommandLine, DataInsteadOfARecipe) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"train", "data=cats/", "train.seed=2"},
        {"data=cats/", "train.seed=2"},
        {"train.seed=2", "--set", "data=cats/"}}) {
    const auto train = job_in(arguments);
    EXPECT_EQ(train.config, "");
    EXPECT_EQ(train.data, "cats/");
    EXPECT_THAT(train.settings, ElementsAre(is_setting("train.seed", "2", "train.seed=2")));
  }
  // A recipe says itself what its data is.
  EXPECT_THAT(job_in({"--config", "c", "data=cats/"}).settings,
              ElementsAre(is_setting("data", "cats/", "data=cats/")));
}

TEST(CommandLine, DataShow) {
  const auto show =
      parse<DataShowCommand>({"data", "show", "--config", "c", "--split", "validation", "--n", "7",
                              "-o", "grid.png", "--set", "train.seed=3", "--data-dir", "d"});
  EXPECT_EQ(show.job.config, "c");
  EXPECT_EQ(show.split, "validation");
  EXPECT_EQ(show.n, 7);
  EXPECT_EQ(show.out, "grid.png");
  EXPECT_THAT(show.job.settings, ElementsAre(is_setting("train.seed", "3", "--set train.seed=3")));
  EXPECT_EQ(show.job.variables.get("SM_CHANNEL_TRAINING"), "d");
  const auto folder = parse<DataShowCommand>({"data", "show", "--data", "d", "--out", "grid.png"});
  EXPECT_EQ(folder.job.data, "d");
  EXPECT_EQ(folder.split, "train");
  EXPECT_EQ(folder.n, 4);
}

TEST(CommandLine, PartOfTheData) {
  const auto part = ElementsAre(is_setting("data.limit", "7", "--limit 7"),
                                is_setting("data.fraction", ".5", "--fraction .5"));
  EXPECT_THAT(job_in({"--config", "c", "--limit", "7", "--fraction", ".5"}).settings, part);
  EXPECT_THAT(parse<EvaluateCommand>({"evaluate", "--model", "m", "--limit", "7", "--fraction=.5"})
                  .settings,
              part);
}

TEST(CommandLine, OtherCommands) {
  const auto evaluate = parse<EvaluateCommand>({"evaluate", "--model", "m", "--data", "d"});
  EXPECT_EQ(evaluate.model, "m");
  EXPECT_THAT(evaluate.settings, ElementsAre(is_setting("data.validation", "d", "--data d")));
  const auto predict =
      parse<PredictCommand>({"predict", "--model", "m", "a.png", "b", "--top", "3"});
  EXPECT_THAT(predict.images, ElementsAre("a.png", "b"));
  EXPECT_EQ(predict.top, 3);
  const auto dashed = parse<PredictCommand>({"predict", "--model", "m", "--", "--my_cat.png"});
  EXPECT_THAT(dashed.images, ElementsAre("--my_cat.png"));
  EXPECT_THAT(parse<InspectCommand>({"inspect", "a.pth", "b"}).files, ElementsAre("a.pth", "b"));
  const auto memory = parse<InspectCommand>(
      {"inspect", "--memory", "cats.yaml", "--batch-size", "64", "--steps", "9", "--json"});
  EXPECT_THAT(memory.files, ElementsAre("cats.yaml"));
  EXPECT_TRUE(memory.memory && memory.json);
  EXPECT_EQ(memory.steps, 9);
  ASSERT_EQ(memory.settings.size(), 1u);
  EXPECT_EQ(memory.settings[0].key, "train.batch_size");
  const auto digits =
      parse<SynthDigitsCommand>({"data", "synth", "digits", "--out", "d", "--train", "100"});
  EXPECT_EQ(digits.out, "d");
  EXPECT_EQ(digits.train, 100);
  EXPECT_EQ(digits.test, 10'000);
}

TEST(CommandLine, SynthFolders) {
  const auto given =
      parse<SynthFoldersCommand>({"data", "synth", "folders", "--out", "d", "--classes", "5",
                                  "--per-class", "30,7", "--size", "32", "--seed", "4"});
  EXPECT_EQ(given.out, "d");
  EXPECT_EQ(given.classes, 5);
  EXPECT_EQ(given.train, 30);
  EXPECT_EQ(given.validation, 7);
  EXPECT_EQ(given.size, 32);
  EXPECT_EQ(given.seed, 4);
  const auto few =
      parse<SynthFoldersCommand>({"data", "synth", "folders", "--out", "d", "--per-class", "30"});
  EXPECT_EQ(few.train, 30);
  EXPECT_EQ(few.validation, 0);
  for (const std::string text : {"0", "-3,2", "8,", ",8", "8,2,1", "8,-1", "8.5", "99999999"}) {
    EXPECT_EQ(mistake_in({"data", "synth", "folders", "--out", "d", "--per-class=" + text}),
              "--per-class " + text +
                  ": expected TRAINING[,VALIDATION], 1 to 10000000 and 0 to 10000000 pictures");
  }
}

TEST(CommandLine, HelpAndVersionArePrinted) {
  EXPECT_THAT(parse<PrintCommand>({}).text, HasSubstr("evaluate"));
  EXPECT_THAT(parse<PrintCommand>({"--help"}).text, HasSubstr("evaluate"));
  EXPECT_THAT(parse<PrintCommand>({"train", "--help"}).text, HasSubstr("(train.epochs)"));
  EXPECT_THAT(parse<PrintCommand>({"--version"}).text, testing::MatchesRegex("smtrain [0-9.]+\n"));
}

TEST(CommandLine, NamesWhatIsWrong) {
  EXPECT_EQ(mistake_in({"trian"}), "unknown command 'trian'; did you mean 'train'?");
  EXPECT_EQ(mistake_in({"cats.yaml"}),
            "unknown command 'cats.yaml'; a recipe is given as --config FILE");
  EXPECT_EQ(mistake_in({"train", "--lr"}), "train: --lr: expected a value");
  EXPECT_EQ(mistake_in({"train", "--lr", "--seed", "1"}), "train: --lr: expected a value");
  EXPECT_EQ(mistake_in({"train", "--strict=maybe"}), "--strict maybe: expected true or false");
  EXPECT_EQ(mistake_in({"train", "--ignore-unknown", "--strict", "--epoch", "3"}),
            "train: unknown option '--epoch'; did you mean '--epochs'?");
  EXPECT_EQ(mistake_in({"--config", "c", "--epoch", "3"}),
            "train: unknown option '--epoch'; did you mean '--epochs'?");
  EXPECT_EQ(mistake_in({"--config", "c", "--leraning-rate=3"}),
            "train: unknown option '--leraning-rate'; did you mean '--learning-rate'?");
  EXPECT_EQ(mistake_in({"--config", "c", "stray"}),
            "train: unexpected 'stray'; expected KEY=VALUE");
  EXPECT_EQ(mistake_in({"--config", "c", "--set", "train.epochs"}),
            "--set train.epochs: expected KEY=VALUE");
  EXPECT_EQ(mistake_in({"--config", "c", "--num-gpus", "-1"}),
            "--num-gpus -1: expected a whole number, at least 0");
  EXPECT_EQ(mistake_in({"predict", "a.png"}), "predict: --model is required");
  EXPECT_EQ(mistake_in({"train", "cats.yaml"}),
            "train: unexpected 'cats.yaml'; a recipe is given as --config FILE");
  EXPECT_EQ(mistake_in({"train", "=3"}), "train: unexpected '=3'; expected KEY=VALUE");
  EXPECT_EQ(mistake_in({"data", "show", "-o", "x", "--data", "d", "--config", "c"}),
            "show: expected --config FILE or --data DIR, not both");
  EXPECT_EQ(mistake_in({"data", "show", "--data", "d"}), "show: --out is required");
  EXPECT_EQ(mistake_in({"data", "show", "-o", "x", "--data", "d", "--n", "0"}),
            "show: --n: Value 0 not in range 1 to 10000");
  EXPECT_EQ(mistake_in({"predict", "--model", "m", "a.png", "--top", "0"}),
            "predict: --top: Value 0 not in range 1 to 1000000");
  EXPECT_EQ(mistake_in({"train", "--data", "pics"}),
            "train: unknown option '--data'; did you mean '--data-dir' or 'data=DIR'?");
  EXPECT_EQ(mistake_in({"data", "show", "-o", "x", "--data", "d", "--split", "all"}),
            "show: --split: all not in {train,validation}");
  EXPECT_EQ(mistake_in({"data", "synth", "digit"}),
            "synth: unexpected 'digit'; did you mean 'digits'?");
}

TEST(CommandLine, ConfigCommandsTakeTheFlagsOfTrain) {
  const auto explain =
      parse<ConfigExplainCommand>({"config", "explain", "train.lr", "--config", "c", "--lr", "1"});
  EXPECT_EQ(explain.key, "train.lr");
  EXPECT_EQ(explain.job.config, "c");
  EXPECT_THAT(explain.job.settings, ElementsAre(is_setting("train.optimizer.lr", "1", "--lr 1")));
  EXPECT_EQ(parse<ConfigExplainCommand>({"config", "explain", "train"}).job.config, "");
  EXPECT_FALSE(parse<ConfigCheckCommand>({"config", "check", "--config", "c"}).job.strict);
  EXPECT_TRUE(parse<ConfigCheckCommand>({"config", "check", "--config=c", "--strict"}).job.strict);
  parse<ConfigSchemaCommand>({"config", "schema"});
  parse<ConfigReferenceCommand>({"config", "reference"});
  EXPECT_EQ(mistake_in({"config", "explain"}), "explain: key is required");
  EXPECT_EQ(mistake_in({"config", "exlpain", "x"}),
            "config: unexpected 'exlpain'; did you mean 'explain'?");
}

TEST(CommandLine, CompletionNamesAShell) {
  EXPECT_EQ(parse<CompletionCommand>({"completion", "fish"}).shell, "fish");
  EXPECT_EQ(mistake_in({"completion", "tcsh"}), "completion: shell: tcsh not in {bash,zsh,fish}");
}

TEST(CommandLine, SyntaxIsWhatIsParsed) {
  const CommandSyntax program = command_syntax();
  std::vector<std::string> names;
  for (const CommandSyntax& command : program.commands) names.push_back(command.name);
  EXPECT_THAT(names, testing::IsSupersetOf({"train", "evaluate", "data", "config", "completion"}));
  const auto& train = program.commands.front();
  ASSERT_EQ(train.name, "train");
  const auto named = [&](const std::string& name) {
    return std::find_if(train.options.begin(), train.options.end(),
                        [&](const OptionSyntax& option) { return option.name == name; });
  };
  ASSERT_NE(named("--epochs"), train.options.end());
  EXPECT_EQ(named("--epochs")->value, "VALUE");
  EXPECT_THAT(named("--epochs")->doc, HasSubstr("(train.epochs)"));
  EXPECT_EQ(named("--help")->value, "");
}

}  // namespace
}  // namespace smtrain::app
