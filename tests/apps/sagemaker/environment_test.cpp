// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/sagemaker/environment.h"

#include "smtrain/apps/sagemaker/print_environment.h"
#include "smtrain/engine/io/file.h"
#include "smtrain/tests/apps/files.h"
#include "smtrain/tests/apps/sagemaker/container.h"
#include "smtrain/tests/shared_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <string>

namespace smtrain::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace fs = std::filesystem;

auto is_channel(const std::string& name, const std::string& folder, const std::string& mode) {
  return testing::AllOf(testing::Field(&Channel::name, name),
                        testing::Field(&Channel::folder, folder),
                        testing::Field(&Channel::mode, mode));
}

std::string value(const Environment& environment, const char* name) {
  const EnvironmentVariable* variable = environment.find(name);
  return variable == nullptr ? "no " + std::string(name) : variable->value;
}

class Container : public test::Container {
 protected:
  Container() { around_.processors = 32; }

  std::string mistake() const {
    try {
      environment();
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "no mistake";
  }

  std::string printed(EnvCommand::Form form = EnvCommand::Form::plain) const {
    std::ostringstream out;
    print_environment(environment(), form, out);
    return out.str();
  }

  /// The text of a golden file, which speaks of /opt/ml.
  std::string golden(const std::string& name) const {
    std::string text = test::text_of(test::golden("sagemaker/" + name));
    for (size_t at; (at = text.find("/opt/ml")) != text.npos;) text.replace(at, 7, base());
    return text;
  }

  /// The files that the first article's job was started with.
  void write_first_article() {
    write("hyperparameters.json",
          R"({"backend": "\"gloo\"", "epochs": "30", "sagemaker_program": "\"classifier.py\"",)"
          R"("sagemaker_submit_directory": "\"s3://sagemaker-ap-northeast-2-444682503693/)"
          R"(pytorch-training-2019-12-17-07-12-39-842/source/sourcedir.tar.gz\"",)"
          R"("sagemaker_job_name": "\"pytorch-training-2019-12-17-07-12-39-842\"",)"
          R"("sagemaker_region": "\"ap-northeast-2\"", "sagemaker_container_log_level": "20",)"
          R"("sagemaker_enable_cloudwatch_metrics": "false"})");
    write("resourceconfig.json",
          R"({"current_host": "algo-1", "hosts": ["algo-1"], "network_interface_name": "eth0"})");
    write("inputdataconfig.json",
          R"({"training": {"TrainingInputMode": "File", "S3DistributionType": "FullyReplicated",)"
          R"("RecordWrapperType": "None"}})");
    around_.gpus = 8;
    around_.variables["SAGEMAKER_TRAINING_MODULE"] = "sagemaker_pytorch_container.training:main";
  }
};

TEST_F(Container, PrintsTheVariablesOfTheFirstArticle) {
  write_first_article();
  EXPECT_EQ(printed(), golden("first_article_variables.txt"));
}

TEST_F(Container, PrintsTheTrainingEnvOfTheFirstArticle) {
  write_first_article();
  EXPECT_EQ(printed(EnvCommand::Form::training_env), golden("first_article_training_env.json"));
}

TEST_F(Container, ReadsTheTrainingEnvWhereNothingElseIsThere) {
  write_first_article();
  const std::string variables = printed();
  around_.variables["SM_TRAINING_ENV"] = value(environment(), "SM_TRAINING_ENV");
  for (const char* name : {"hyperparameters.json", "resourceconfig.json", "inputdataconfig.json"})
    fs::remove(base() + "/input/config/" + name);
  EXPECT_EQ(printed(), variables);
  EXPECT_EQ(environment().find("SM_HOSTS")->origin, "SM_TRAINING_ENV");
  around_.variables["SM_HOSTS"] = "[\"algo-1\",\"algo-2\"]";
  EXPECT_THAT(environment().hosts, ElementsAre("algo-1", "algo-2"));
  EXPECT_EQ(environment().find("SM_HOSTS")->origin, "environment");
  around_.variables["SM_TRAINING_ENV"] = "{";
  EXPECT_THAT(environment().warnings,
              ElementsAre("SM_TRAINING_ENV:1:2: this is not JSON; derived from the files"));
}

TEST_F(Container, WithoutFilesIsOneHostWithTheFoldersAsChannels) {
  for (const char* name : {"training", "validation", "code", "sm_drivers"})
    fs::create_directories(base() + "/input/data/" + name);
  write("../data/training-manifest", "{}");
  const Environment found = environment();
  EXPECT_THAT(found.hosts, ElementsAre("machine"));
  EXPECT_EQ(found.current_host, "machine");
  EXPECT_THAT(found.channels,
              ElementsAre(is_channel("training", base() + "/input/data/training", "file"),
                          is_channel("validation", base() + "/input/data/validation", "file")));
  EXPECT_EQ(value(found, "SM_HPS"), "{}");
  EXPECT_EQ(value(found, "SM_MODEL_DIR"), base() + "/model");
  EXPECT_EQ(value(found, "SM_NUM_CPUS"), "32");
  EXPECT_EQ(value(found, "SM_USER_ENTRY_POINT"), "");
  EXPECT_EQ(value(found, "SM_NETWORK_INTERFACE_NAME"), "eth0");
  EXPECT_THAT(found.warnings, IsEmpty());
}

TEST_F(Container, ComesBeforeItsFilesWhereVariablesAreSet) {
  write_first_article();
  around_.variables["SM_HOSTS"] = "[\"b\", \"a\"]";
  around_.variables["SM_CURRENT_HOST"] = "a";
  around_.variables["SM_MODEL_DIR"] = "/elsewhere";
  around_.variables["SM_CHANNEL_TRAINING"] = "/mounted";
  around_.variables["SM_CHANNEL_MY_DATA"] = "/more";
  around_.variables["SM_HP_EPOCHS"] = "5";
  around_.variables["SM_NUM_GPUS"] = "0";
  const Environment found = environment();
  EXPECT_THAT(found.hosts, ElementsAre("b", "a"));  // as given, not sorted: the order is the rank
  EXPECT_EQ(found.current_host, "a");
  EXPECT_EQ(value(found, "SM_MODEL_DIR"), "/elsewhere");
  EXPECT_THAT(found.channels, ElementsAre(is_channel("my_data", "/more", "file"),
                                          is_channel("training", "/mounted", "file")));
  EXPECT_EQ(value(found, "SM_HPS"), R"({"backend":"gloo","epochs":5})");
  EXPECT_THAT(found.warnings,
              ElementsAre("hyperparameter 'epochs' is 30 in " + base() +
                          "/input/config/hyperparameters.json: epochs and 5 in SM_HP_EPOCHS, "
                          "which counts"));
  EXPECT_EQ(found.gpus_asked_for().value().count, 0);
  EXPECT_THAT(found.training_env, HasSubstr("\"is_master\": false"));
}

TEST_F(Container, DerivesFromTheFilesWhatAVariableGarbles) {
  write_first_article();
  around_.variables["SM_HOSTS"] = "[\"algo-1\"";
  around_.variables["SM_HPS"] = "{epochs";
  around_.variables["SM_NUM_CPUS"] = "many";
  const Environment found = environment();
  EXPECT_THAT(found.hosts, ElementsAre("algo-1"));
  EXPECT_EQ(value(found, "SM_HPS"), R"({"backend":"gloo","epochs":30})");
  EXPECT_EQ(value(found, "SM_NUM_CPUS"), "32");
  EXPECT_THAT(found.warnings,
              ElementsAre("SM_HPS:1:2: this is not JSON; derived from the files",
                          "SM_HOSTS:1:10: this is not JSON; derived from the files",
                          "SM_NUM_CPUS:1:1: this is not JSON; derived from the files"));
}

TEST_F(Container, RefusesAGarbledVariableThatNoFileReplaces) {
  around_.variables["SM_HOSTS"] = "[\"algo-1\"";
  EXPECT_EQ(mistake(), "SM_HOSTS:1:10: this is not JSON");
  around_.variables["SM_HOSTS"] = "\"algo-1\"";
  EXPECT_EQ(mistake(), "SM_HOSTS: expected a list of names, got string");
  around_.variables["SM_HOSTS"] = "[1]";
  EXPECT_EQ(mistake(), "SM_HOSTS: expected a list of names, got 1 in it");
  around_.variables["SM_HOSTS"] = "[]";
  EXPECT_EQ(mistake(), "SM_HOSTS: names no host");
}

TEST_F(Container, RefusesAHostThatIsNotListed) {
  write("resourceconfig.json", R"({"current_host": "c", "hosts": ["a", "b"]})");
  EXPECT_EQ(mistake(), base() +
                           "/input/config/resourceconfig.json: current host 'c' is not one "
                           "of the hosts [\"a\",\"b\"]");
  around_.variables["SM_CURRENT_HOST"] = "d";
  EXPECT_EQ(mistake(), "SM_CURRENT_HOST: current host 'd' is not one of the hosts [\"a\",\"b\"]");
}

TEST_F(Container, NamesTheFileThatIsMalformed) {
  const std::string folder = base() + "/input/config/";
  write("resourceconfig.json", "{\"hosts\": \"a\"}");
  EXPECT_EQ(mistake(), folder + "resourceconfig.json: 'hosts' is not a list of names");
  write("resourceconfig.json", "[]");
  EXPECT_EQ(mistake(), folder + "resourceconfig.json: expected an object, got array");
  write("resourceconfig.json", "{\n \"hosts\": [\"a\",]}");
  EXPECT_EQ(mistake(), folder + "resourceconfig.json:2:16: this is not JSON");
  write("resourceconfig.json", "{\"hosts\": [\"a\"]}");
  write("inputdataconfig.json", R"({"training": {"TrainingInputMode": "Stream"}})");
  EXPECT_EQ(mistake(), folder +
                           "inputdataconfig.json: channel 'training': expected "
                           "TrainingInputMode File, FastFile or Pipe, got 'Stream'");
  write("inputdataconfig.json", R"({"training": 1})");
  EXPECT_EQ(mistake(), folder + "inputdataconfig.json: channel 'training' is no object");
  write("inputdataconfig.json", R"({"training": {"TrainingInputMode": 5}})");
  EXPECT_EQ(mistake(), folder +
                           "inputdataconfig.json: channel 'training': expected "
                           "TrainingInputMode File, FastFile or Pipe, got '5'");
  write("inputdataconfig.json", R"({"training": {}})");
  EXPECT_THAT(environment().channels,
              ElementsAre(is_channel("training", base() + "/input/data/training", "file")));
}

TEST_F(Container, ReadsInputModesInAnyCase) {
  write("inputdataconfig.json",
        R"({"a": {"TrainingInputMode": "FASTFILE"}, "b": {"TrainingInputMode": "pipe"}})");
  EXPECT_THAT(environment().channels,
              ElementsAre(is_channel("a", base() + "/input/data/a", "fastfile"),
                          is_channel("b", base() + "/input/data/b", "pipe")));
}

TEST_F(Container, KnowsGroupsOfInstances) {
  write("resourceconfig.json",
        R"({"current_group_name": "gpu", "current_host": "algo-2", "hosts": ["algo-1", "algo-2"],)"
        R"("current_instance_type": "ml.p3.2xlarge", "topology": null, "instance_groups": [)"
        R"({"instance_group_name": "cpu", "instance_type": "ml.c5.xlarge", "hosts": ["algo-1"]},)"
        R"({"instance_group_name": "gpu", "instance_type": "ml.p3.2xlarge", "hosts": ["algo-2"]})"
        R"(]})");
  const Environment found = environment();
  EXPECT_EQ(value(found, "SM_CURRENT_INSTANCE_TYPE"), "ml.p3.2xlarge");
  EXPECT_EQ(value(found, "SM_CURRENT_INSTANCE_GROUP"), "gpu");
  EXPECT_EQ(value(found, "SM_CURRENT_INSTANCE_GROUP_HOSTS"), "[\"algo-2\"]");
  EXPECT_EQ(value(found, "SM_INSTANCE_GROUPS"), "[\"cpu\",\"gpu\"]");
  EXPECT_EQ(value(found, "SM_IS_HETERO"), "true");
  EXPECT_THAT(value(found, "SM_INSTANCE_GROUPS_DICT"),
              HasSubstr("\"cpu\":{\"hosts\":[\"algo-1\"]"));
  EXPECT_EQ(found.find("SM_TOPOLOGY"), nullptr);
}

TEST_F(Container, KeepsTheParametersOfThePlatformApart) {
  write("hyperparameters.json",
        R"({"lr": "0.1", "sagemaker_mpi_enabled": "true", "sagemaker_container_log_level": "10",)"
        R"("_tuning_objective_metric": "validation:accuracy"})");
  const Environment found = environment();
  EXPECT_EQ(value(found, "SM_HPS"), R"({"lr":0.1})");
  EXPECT_EQ(value(found, "SM_FRAMEWORK_PARAMS"), R"({"sagemaker_mpi_enabled":true})");
  EXPECT_EQ(value(found, "SM_LOG_LEVEL"), "10");
  EXPECT_EQ(value(found, "SM_USER_ARGS"), R"(["--lr","0.1"])");
}

TEST_F(Container, WritesArgumentsAsTheToolkitDoes) {
  write("hyperparameters.json",
        R"({"k": "1", "flag": "true", "list": "[1, \"a\"]", "map": "{\"b\": 1, \"a\": 2}",)"
        R"("none": "null", "text": "two words"})");
  EXPECT_EQ(value(environment(), "SM_USER_ARGS"),
            R"(["--flag","True","-k","1","--list","[1, 'a']","--map","a=2,b=1","--none","",)"
            R"("--text","two words"])");
}

TEST_F(Container, PrintsNoSecret) {
  write("hyperparameters.json",
        R"({"api_key": "hidden", "lr": "1", "map": "{\"token\": \"hidden\", \"a\": 1}"})");
  around_.variables["SM_HP_API_KEY"] = "hidden too";
  EXPECT_THAT(environment().warnings, ElementsAre(testing::Not(HasSubstr("hidden"))));
  for (const auto form :
       {EnvCommand::Form::plain, EnvCommand::Form::sources, EnvCommand::Form::training_env}) {
    EXPECT_THAT(printed(form), testing::Not(HasSubstr("hidden")));
    EXPECT_THAT(printed(form), HasSubstr("******"));
  }
}

TEST_F(Container, ShowsWhereValuesComeFrom) {
  write_first_article();
  around_.variables["SM_MODEL_DIR"] = "/elsewhere";
  const std::string text = printed(EnvCommand::Form::sources);
  EXPECT_THAT(text, HasSubstr("SM_MODEL_DIR=/elsewhere  # environment\n"));
  EXPECT_THAT(text,
              HasSubstr("SM_HP_EPOCHS=30  # " + base() + "/input/config/hyperparameters.json\n"));
  EXPECT_THAT(text, HasSubstr("SM_CURRENT_HOST=algo-1  # " + base() +
                              "/input/config/resourceconfig.json\n"));
  EXPECT_THAT(text, HasSubstr("SM_NUM_CPUS=32  # counted\n"));
  EXPECT_THAT(text, HasSubstr("SM_OUTPUT_DIR=" + base() + "/output  # default\n"));
}

TEST_F(Container, ExportsWhatAShellCanSource) {
  write("hyperparameters.json", R"({"quote": "it's $HOME `id`", "batch-size": "4"})");
  const std::string script = directory_ / "env.sh";
  write_file_atomically(
      script, std::string_view(printed(EnvCommand::Form::exported) +
                               "printf '%s|%s' \"$SM_HP_QUOTE\" \"$SM_HP_BATCH_SIZE\" > '" +
                               base() + "/out'\n"));
  ASSERT_EQ(std::system(("sh -eu '" + script + "'").c_str()), 0);
  EXPECT_EQ(test::text_of(directory_ / "out"), "it's $HOME `id`|4");
}

TEST(ProcessEnvironment, AreNoContainerByThemselves) {
  ProcessEnvironment around;
  around.variables["SAGEMAKER_BASE_DIR"] = "";
  EXPECT_EQ(around.base(), "/opt/ml");
  EXPECT_EQ(around.in_container(), fs::is_directory("/opt/ml/input/config"));
  around.variables["TRAINING_JOB_NAME"] = "job";
  EXPECT_TRUE(around.in_container());
}

}  // namespace
}  // namespace smtrain::app
